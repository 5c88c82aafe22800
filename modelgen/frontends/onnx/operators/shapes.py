"""Operators that give values another shape, order or type."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.onnx.types import RUN_TIME, type_name


def reshape(node: FileNode, x: Tensor, shape: Tensor) -> Tensor:
    """Return the values in another shape; 0 stands for the size before, -1 for what remains."""
    sizes = node.ints(1, "shape")
    if not node.attribute("allowzero", 0):
        if 0 in sizes[x.dim() :]:
            node.refuse(f"keeps a dimension beyond the {x.dim()} of its input: {sizes}")
        sizes = [size or x.shape[axis] for axis, size in enumerate(sizes)]
    return x.reshape(sizes)


def flatten(node: FileNode, x: Tensor) -> Tensor:
    """Return a matrix: its rows are the dimensions before an axis."""
    axis = node.attribute("axis", 1)
    axis = axis if axis == x.dim() else node.axis(axis, x.dim())
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def squeeze(node: FileNode, x: Tensor, axes: Tensor | None = None) -> Tensor:
    """Remove dimensions of size 1: those named, or all."""
    if not node.has(1):
        return x.squeeze()
    named = node.axes(node.ints(1, "list of axes"), x.dim())
    if any(x.shape[axis] != 1 for axis in named):
        node.refuse(f"removes the dimensions {named} of {list(x.shape)}, not all of size 1")
    return x.squeeze(tuple(named))


def unsqueeze(node: FileNode, x: Tensor, axes: Tensor) -> Tensor:
    """Insert dimensions of size 1."""
    named = node.ints(1, "list of axes")
    rank = x.dim() + len(named)
    for axis in node.axes(named, rank):
        x = x.unsqueeze(axis)
    return x


def transpose(node: FileNode, x: Tensor) -> Tensor:
    """Return the dimensions in another order; by default, in reverse."""
    return x.permute(node.attribute("perm", list(range(x.dim()))[::-1]))


def identity(node: FileNode, x: Tensor) -> Tensor:
    """Return the values as they are."""
    return x


def dropout(node: FileNode, x: Tensor, *_: Tensor | None) -> Tensor:
    """Return the values as they are: nothing is dropped outside of training."""
    if node.has(2) and node.array(2, "training_mode").any():
        node.refuse("works as in training", "Export the model in evaluation mode.")
    if node.returns(1):
        node.refuse("returns a mask, which only training needs")
    return x


def cast(node: FileNode, x: Tensor) -> Tensor:
    """Convert values; floating-point numbers are FP32, integers have 64 bits."""
    wanted = node.attribute("to")
    if wanted not in RUN_TIME:
        node.refuse(f"converts to {type_name(wanted)}; supported: FLOAT, INT64, INT32 and BOOL")
    kind = getattr(torch, RUN_TIME[wanted])
    if kind == torch.bool and x.dtype != torch.bool:
        return x != 0
    return x.to(kind)


def _block_size(node: FileNode) -> int:
    size: int = node.attribute("blocksize")
    if size < 1:
        node.refuse(f"has blocks of {size} pixels")
    return size


def depth_to_space(node: FileNode, x: Tensor) -> Tensor:
    """Rearrange channels into squares of pixels."""
    size = _block_size(node)
    if node.attribute("mode", "DCR") == "CRD":
        return torch.pixel_shuffle(x, size)
    batch, channels, rows, columns = x.shape
    parts = x.reshape(batch, size, size, channels // size**2, rows, columns)
    return parts.permute(0, 3, 4, 1, 5, 2).reshape(batch, -1, rows * size, columns * size)


def space_to_depth(node: FileNode, x: Tensor) -> Tensor:
    """Rearrange squares of pixels into channels."""
    size = _block_size(node)
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
