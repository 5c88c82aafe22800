"""Changes of the size of feature maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode, check_size

_COORDINATES = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel")
_COORDINATES_OF_NEAREST = (*_COORDINATES, "align_corners", "asymmetric")
_ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    # ONNX Runtime takes what is nearly a half for a half.
    "round_prefer_floor": lambda x: np.ceil(x - 0.500001),
    "round_prefer_ceil": lambda x: np.floor(x + 0.500001),
    "floor": np.floor,
    "ceil": np.ceil,
}
"""Nearest mode -> the pixels nearest to places, both in FP64."""


def resize(node: FileNode, x: Tensor, *_: Tensor | None) -> Tensor:
    """Return maps of another size: the nearest pixels, or linear between them."""
    for name, default in (("antialias", 0), ("keep_aspect_ratio_policy", "stretch")):
        if node.attribute(name, default) != default:
            node.refuse(f"has the {name} '{node.attribute(name)}'; supported: '{default}'")
    sizes, scales = _sizes(node, x)
    check_size(sizes)
    if sizes == list(x.shape):
        return x
    mode = node.attribute("mode", "nearest")
    if mode == "nearest":
        return _nearest(node, x, sizes, scales)
    if mode == "linear":
        return _linear(node, x, sizes, scales)
    node.refuse(f"has the mode '{mode}'; supported: nearest, linear")


def _sizes(node: FileNode, x: Tensor) -> tuple[list[int], list[np.float32]]:
    """Return size and scale of each dimension of the result, as ONNX Runtime computes them."""
    axes = [node.axis(axis, x.dim()) for axis in node.attribute("axes", range(x.dim()))]
    position, what = (3, "list of sizes") if node.has(3) else (2, "list of scales")
    given = node.array(position, what) if node.has(position) else np.zeros(0)
    if given.shape != (len(axes),) or not (np.isfinite(given) & (given > 0)).all():
        node.refuse(f"has a {what} that are not {len(axes)} positive numbers: {given.tolist()}")
    sizes, scales = list(x.shape), [np.float32(1)] * x.dim()
    if node.has(3):
        for axis, size in zip(axes, node.ints(3, "list of sizes"), strict=True):
            sizes[axis], scales[axis] = size, np.float32(size) / np.float32(x.shape[axis])
        return sizes, scales
    for axis, scale in zip(axes, node.array(2, "list of scales"), strict=True):
        scales[axis] = np.float32(scale)
        sizes[axis] = int(np.floor(scales[axis] * np.float32(x.shape[axis])))
    return sizes, scales


def _nearest(node: FileNode, x: Tensor, sizes: list[int], scales: list[np.float32]) -> Tensor:
    """Return maps of the nearest pixels."""
    axes = [axis for axis in range(x.dim()) if sizes[axis] != x.shape[axis] or scales[axis] != 1]
    chosen = {
        axis: _nearest_pixels(node, x.shape[axis], sizes[axis], scales[axis]) for axis in axes
    }
    whole = axes and min(axes) >= 2 and x.dim() in (3, 4)
    if whole and all(_is_of_torch(x.shape[axis], pixels) for axis, pixels in chosen.items()):
        function = {
            3: torch.ops.aten.upsample_nearest1d.default,
            4: torch.ops.aten.upsample_nearest2d.default,
        }[x.dim()]
        return function(x, sizes[2:])
    for axis, pixels in chosen.items():
        x = torch.index_select(x, axis, torch.tensor(pixels))
    return x


def _is_of_torch(size: int, pixels: Sequence[int]) -> bool:
    """Return whether these are the pixels that PyTorch takes for a size."""
    step = np.float32(size) / np.float32(len(pixels))
    taken = np.floor(np.arange(len(pixels), dtype=np.float32) * step).astype(int)
    return list(np.minimum(taken, size - 1)) == list(pixels)


def _nearest_pixels(node: FileNode, size: int, result: int, scale: np.float32) -> list[int]:
    """Return the pixel that ONNX Runtime takes for each position of the result."""
    mode = node.attribute("coordinate_transformation_mode", "half_pixel")
    if mode not in _COORDINATES_OF_NEAREST:
        supported = ", ".join(_COORDINATES_OF_NEAREST)
        node.refuse(f"has the coordinate_transformation_mode '{mode}'; supported: {supported}")
    places = _places(mode, size, result, scale)
    rounding = node.attribute("nearest_mode", "round_prefer_floor")
    if rounding not in _ROUNDINGS:
        node.refuse(f"has the nearest_mode '{rounding}'; supported: {', '.join(_ROUNDINGS)}")
    rounded = _ROUNDINGS[rounding](places.astype(np.float64))
    return [int(place) for place in np.clip(rounded, 0, size - 1)]


def _places(mode: str, size: int, result: int, scale: np.float32) -> np.ndarray:
    """Return where each position of the result is in the input, in FP32 as ONNX Runtime does."""
    x = np.arange(result, dtype=np.float32)
    half = np.float32(0.5)
    if mode == "asymmetric":
        return x / scale
    if mode == "align_corners":
        if result == 1:
            return x * 0
        return x * np.float32(size - 1) / np.float32(result - 1)
    if mode == "pytorch_half_pixel" and result == 1:
        return x * 0
    if mode == "half_pixel_symmetric":
        adjustment = np.float32(result) / (scale * np.float32(size))
        center = np.float32(size) / np.float32(2)
        offset = center * (1 - adjustment)
        return (float(offset) + (x + 0.5).astype(np.float64) / float(scale) - 0.5).astype(
            np.float32
        )
    return (x + half) / scale - half


def _linear(node: FileNode, x: Tensor, sizes: list[int], scales: list[np.float32]) -> Tensor:
    """Return maps that are linear between pixels."""
    if x.dim() not in (3, 4) or sizes[:2] != list(x.shape[:2]):
        node.refuse("is linear over other dimensions than rows and columns of feature maps")
    align = _aligns_corners(node, x, sizes, scales)
    for axis in range(2, x.dim()):
        if sizes[axis] == x.shape[axis] and scales[axis] != 1 and not align:
            node.refuse(
                f"has a scale of {scales[axis]:g} along dimension {axis}, and keeps its size"
            )
    factors = [None if align else float(scale) for scale in scales[2:]]
    if x.dim() == 3:
        return torch.ops.aten.upsample_linear1d.default(x, sizes[2:], align, *factors)
    return torch.ops.aten.upsample_bilinear2d.default(x, sizes[2:], align, *factors)


def _aligns_corners(node: FileNode, x: Tensor, sizes: list[int], scales: list[np.float32]) -> bool:
    """Return whether the corners keep their values, of the two ways that PyTorch knows."""
    mode = node.attribute("coordinate_transformation_mode", "half_pixel")
    if mode == "align_corners":
        return True
    spatial = list(zip(x.shape[2:], sizes[2:], scales[2:], strict=True))
    if mode in _COORDINATES and all(
        np.array_equal(_places(mode, *each), _places("half_pixel", *each)) for each in spatial
    ):
        return False
    node.refuse(
        f"has the coordinate_transformation_mode '{mode}', which PyTorch does not have for these "
        "sizes; supported: half_pixel, pytorch_half_pixel, align_corners"
    )


OPERATORS: dict[str, Function] = {"Resize": resize}
"""Operator type -> its function."""
