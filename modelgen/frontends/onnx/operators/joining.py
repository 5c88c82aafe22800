"""Concatenation, division into parts, and repetition."""

from __future__ import annotations

import torch
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode


def concatenation(node: FileNode, *values: Tensor) -> Tensor:
    """Join tensors along an axis."""
    return torch.cat(values, node.axis(node.attribute("axis"), values[0].dim()))


def split(node: FileNode, x: Tensor, sizes: Tensor | None = None) -> tuple[Tensor, ...]:
    """Divide a tensor along an axis; without sizes, all parts but the last are equal."""
    axis = node.axis(node.attribute("axis", 0), x.dim())
    if node.has(1):
        parts = node.ints(1, "list of sizes")
    else:
        count, whole = len(node.outputs), x.shape[axis]
        each = -(-whole // count)
        parts = [min(each, max(whole - first * each, 0)) for first in range(count)]
    return tuple(torch.split(x, parts, axis))


def expand(node: FileNode, x: Tensor, shape: Tensor) -> Tensor:
    """Repeat dimensions of size 1; dimensions of the tensor may be larger than the shape's."""
    return x.expand(torch.broadcast_shapes(x.shape, tuple(node.ints(1, "shape"))))


def tile(node: FileNode, x: Tensor, repeats: Tensor) -> Tensor:
    """Repeat a tensor along its dimensions."""
    return x.repeat(node.ints(1, "list of repeats"))


OPERATORS: dict[str, Function] = {
    "Concat": concatenation,
    "Expand": expand,
    "Split": split,
    "Tile": tile,
}
"""Operator type -> its function."""
