"""Changes of the size of feature maps, and between pixels and channels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode, check_size
from modelgen.frontends.tflite.float_operators.maps import channels_first, channels_last
from modelgen.frontends.tflite.resizing import nearest_pixels


def _sizes(node: FileNode, x: Tensor) -> list[int]:
    sizes = node.ints(1, "size")
    if x.dim() != 4 or len(sizes) != 2 or min(sizes) < 1:
        node.refuse(f"gives {list(x.shape)} the size {sizes} instead of rows and columns")
    check_size((x.shape[0], *sizes, x.shape[3]))
    return sizes


def _ways(node: FileNode) -> tuple[bool, bool]:
    """Return whether corners keep their values, and whether pixels are at their centers."""
    align, centers = (bool(node.attribute(each)) for each in ("AlignCorners", "HalfPixelCenters"))
    return align, centers


def nearest(node: FileNode, x: Tensor, size: Tensor) -> Tensor:
    """Return maps of the nearest pixels."""
    for axis, result in enumerate(_sizes(node, x), 1):
        pixels = nearest_pixels(x.shape[axis], result, *_ways(node))
        if pixels != tuple(range(x.shape[axis])):
            x = torch.index_select(x, axis, torch.tensor(pixels))
    return x


def bilinear(node: FileNode, x: Tensor, size: Tensor) -> Tensor:
    """Return maps that are linear between pixels."""
    sizes, (align, centers) = _sizes(node, x), _ways(node)
    if align and centers:
        node.refuse("aligns corners of pixels that are at their centers")
    if sizes == list(x.shape[1:3]):
        return x
    if align or centers:
        maps = channels_first(node, x)
        return channels_last(torch.ops.aten.upsample_bilinear2d.default(maps, sizes, align))
    for axis, result in enumerate(sizes, 1):
        x = _linear(x, axis, result)
    return x


def _linear(x: Tensor, axis: int, result: int) -> Tensor:
    """Return an axis in another size; position i is at i times the ratio of the sizes."""
    pixels = x.shape[axis]
    if result == pixels:
        return x
    step = np.float32(pixels) / np.float32(result)
    places = np.arange(result, dtype=np.float32) * step
    below = np.floor(places)
    above = np.minimum(below + 1, pixels - 1)
    weights = torch.tensor((places - below).tolist()).reshape(-1, *[1] * (x.dim() - 1 - axis))
    first, second = (
        torch.index_select(x, axis, torch.tensor(each.astype(int).tolist()))
        for each in (below, above)
    )
    return first * (1 - weights) + second * weights


def space_to_depth(node: FileNode, x: Tensor) -> Tensor:
    """Rearrange squares of pixels into channels."""
    size, (rows, columns) = node.attribute("BlockSize"), channels_first(node, x).shape[2:]
    if size < 1 or rows % size or columns % size:
        node.refuse(f"divides {rows}x{columns} pixels into squares of {size}")
    parts = x.reshape(len(x), rows // size, size, columns // size, size, -1)
    return parts.permute(0, 1, 3, 2, 4, 5).reshape(len(x), rows // size, columns // size, -1)


def depth_to_space(node: FileNode, x: Tensor) -> Tensor:
    """Rearrange channels into squares of pixels."""
    size, (channels, rows, columns) = node.attribute("BlockSize"), channels_first(node, x).shape[1:]
    if size < 1 or channels % size**2:
        node.refuse(f"divides {channels} channels into squares of {size}")
    parts = x.reshape(len(x), rows, columns, size, size, -1)
    return parts.permute(0, 1, 3, 2, 4, 5).reshape(len(x), rows * size, columns * size, -1)


OPERATORS: dict[str, Function] = {
    "DEPTH_TO_SPACE": depth_to_space,
    "RESIZE_BILINEAR": bilinear,
    "RESIZE_NEAREST_NEIGHBOR": nearest,
    "SPACE_TO_DEPTH": space_to_depth,
}
"""Operator of a file -> its function."""
