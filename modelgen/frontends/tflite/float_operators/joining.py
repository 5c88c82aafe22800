"""Concatenation, division into parts, and repetition."""

from __future__ import annotations

import torch
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.tflite.float_operators.dimensions import axis_of


def concatenation(node: FileNode, *values: Tensor) -> Tensor:
    """Join tensors along a dimension."""
    if node.attribute("FusedActivationFunction"):
        node.refuse("has a fused activation function")
    return torch.cat(values, node.axis(node.attribute("Axis"), values[0].dim()))


def pack(node: FileNode, *values: Tensor) -> Tensor:
    """Join tensors along a new dimension."""
    return torch.stack(values, node.axis(node.attribute("Axis"), values[0].dim() + 1))


def unpack(node: FileNode, x: Tensor) -> tuple[Tensor, ...]:
    """Return the parts of a tensor along a dimension, without that dimension."""
    axis = node.axis(node.attribute("Axis"), x.dim())
    if x.shape[axis] != len(node.outputs):
        node.refuse(f"has {len(node.outputs)} outputs for {x.shape[axis]} elements")
    return tuple(torch.select(x, axis, at) for at in range(x.shape[axis]))


def split(node: FileNode, axis: Tensor, x: Tensor) -> tuple[Tensor, ...]:
    """Divide a tensor into equal parts along a dimension."""
    along, count = axis_of(node, 0, x.dim()), len(node.outputs)
    if x.shape[along] % count:
        node.refuse(f"divides {x.shape[along]} elements into {count} equal parts")
    return tuple(torch.split(x, [x.shape[along] // count] * count, along))


def split_by_sizes(node: FileNode, x: Tensor, sizes: Tensor, axis: Tensor) -> tuple[Tensor, ...]:
    """Divide a tensor into parts of some sizes; -1 stands for what remains."""
    along, parts = axis_of(node, 2, x.dim()), node.ints(1, "list of sizes")
    rest = x.shape[along] - sum(part for part in parts if part >= 0)
    parts = [rest if part == -1 else part for part in parts]
    fits = min(parts, default=-1) >= 0 and sum(parts) == x.shape[along]
    if not fits or len(parts) != len(node.outputs):
        node.refuse(f"divides {x.shape[along]} elements into {parts}")
    return tuple(torch.split(x, parts, along))


def tile(node: FileNode, x: Tensor, repeats: Tensor) -> Tensor:
    """Repeat a tensor along its dimensions."""
    counts = node.ints(1, "list of repeats")
    if len(counts) != x.dim() or min(counts, default=1) < 1:
        node.refuse(f"repeats {x.dim()} dimensions {counts} times")
    return x.repeat(counts)


def broadcast(node: FileNode, x: Tensor, shape: Tensor) -> Tensor:
    """Repeat dimensions of size 1 until a tensor has a shape."""
    return x.expand(node.ints(1, "shape"))


OPERATORS: dict[str, Function] = {
    "BROADCAST_TO": broadcast,
    "CONCATENATION": concatenation,
    "PACK": pack,
    "SPLIT": split,
    "SPLIT_V": split_by_sizes,
    "TILE": tile,
    "UNPACK": unpack,
}
"""Operator of a file -> its function."""
