"""Operators that give values another shape, order or type."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from modelgen.frontends.onnx.module import Function
from modelgen.frontends.onnx.nodes import OnnxNode
from modelgen.frontends.onnx.types import RUN_TIME, type_name


def reshape(node: OnnxNode, x: Tensor, shape: Tensor) -> Tensor:
    """Return the values in another shape; 0 stands for the size before, -1 for what remains."""
    sizes = node.ints(1, "shape")
    if not node.attribute("allowzero", 0):
        sizes = [size or x.shape[axis] for axis, size in enumerate(sizes)]
    return x.reshape(sizes)


def flatten(node: OnnxNode, x: Tensor) -> Tensor:
    """Return a matrix: its rows are the dimensions before an axis."""
    axis = node.attribute("axis", 1)
    rows = math.prod(x.shape[: axis if axis >= 0 else axis + x.dim()])
    return x.reshape(rows, x.numel() // rows)


def squeeze(node: OnnxNode, x: Tensor, axes: Tensor | None = None) -> Tensor:
    """Remove dimensions of size 1: those named, or all."""
    return x.squeeze(tuple(node.ints(1, "list of axes"))) if node.has(1) else x.squeeze()


def unsqueeze(node: OnnxNode, x: Tensor, axes: Tensor) -> Tensor:
    """Insert dimensions of size 1."""
    named = node.ints(1, "list of axes")
    rank = x.dim() + len(named)
    for axis in sorted(axis % rank for axis in named):
        x = x.unsqueeze(axis)
    return x


def transpose(node: OnnxNode, x: Tensor) -> Tensor:
    """Return the dimensions in another order; by default, in reverse."""
    return x.permute(node.attribute("perm", list(range(x.dim()))[::-1]))


def identity(node: OnnxNode, x: Tensor) -> Tensor:
    """Return the values as they are."""
    return x


def dropout(node: OnnxNode, x: Tensor, *_: Tensor | None) -> Tensor:
    """Return the values as they are: nothing is dropped outside of training."""
    if node.has(2) and node.array(2, "training_mode").any():
        node.refuse("works as in training", "Export the model in evaluation mode.")
    if node.returns(1):
        node.refuse("returns a mask, which only training needs")
    return x


def cast(node: OnnxNode, x: Tensor) -> Tensor:
    """Convert values; floating-point numbers are FP32, integers have 64 bits."""
    wanted = node.attribute("to")
    if wanted not in RUN_TIME:
        node.refuse(f"converts to {type_name(wanted)}; supported: FLOAT, INT64, INT32 and BOOL")
    kind = getattr(torch, RUN_TIME[wanted])
    if kind == torch.bool and x.dtype != torch.bool:
        return x != 0
    return x.to(kind)


def depth_to_space(node: OnnxNode, x: Tensor) -> Tensor:
    """Rearrange channels into squares of pixels."""
    size = node.attribute("blocksize")
    if node.attribute("mode", "DCR") == "CRD":
        return torch.pixel_shuffle(x, size)
    batch, channels, rows, columns = x.shape
    parts = x.reshape(batch, size, size, channels // size**2, rows, columns)
    return parts.permute(0, 3, 4, 1, 5, 2).reshape(batch, -1, rows * size, columns * size)


def space_to_depth(node: OnnxNode, x: Tensor) -> Tensor:
    """Rearrange squares of pixels into channels."""
    size = node.attribute("blocksize")
    if node.attribute("mode", "DCR") == "CRD":
        return torch.pixel_unshuffle(x, size)
    batch, channels, rows, columns = x.shape
    parts = x.reshape(batch, channels, rows // size, size, columns // size, size)
    return parts.permute(0, 3, 5, 1, 2, 4).reshape(batch, -1, rows // size, columns // size)


OPERATORS: dict[str, Function] = {
    "Cast": cast,
    "DepthToSpace": depth_to_space,
    "Dropout": dropout,
    "Flatten": flatten,
    "Identity": identity,
    "Reshape": reshape,
    "SpaceToDepth": space_to_depth,
    "Squeeze": squeeze,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
"""Operator type -> its function."""
