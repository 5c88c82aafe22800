"""Choices of elements: slices, indices, triangles."""

from __future__ import annotations

import torch
from torch import Tensor

from modelgen.frontends.nodes.choice import chosen
from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode


def slices(node: FileNode, x: Tensor, *_: Tensor | None) -> Tensor:
    """Return slices along axes; with a negative step, from the end."""
    starts, ends = node.ints(1, "list of starts"), node.ints(2, "list of ends")
    axes = node.ints(3, "list of axes") if node.has(3) else range(len(starts))
    steps = node.ints(4, "list of steps") if node.has(4) else [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        node.refuse(f"has limits that do not fit: {starts}, {ends}, axes {[*axes]}, steps {steps}")
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        axis = node.axis(axis, x.dim())
        size = x.shape[axis]
        taken = _range(size, start, end, step)
        if step < 0:
            x = torch.flip(x, [axis])
            taken = range(size - 1 - taken.start, size - 1 - taken.stop, -step)
        if taken != range(size):
            x = torch.ops.aten.slice(x, axis, taken.start, taken.stop, taken.step)
    return x


def _range(size: int, start: int, end: int, step: int) -> range:
    """Return the indices that a slice takes; unlike Python's, it may begin before the first."""
    start, end = (place + size if place < 0 else place for place in (start, end))
    if step > 0:
        return range(min(max(start, 0), size), min(max(end, 0), size), step)
    return range(min(max(start, 0), size - 1), min(max(end, -1), size - 1), step)


def gather(node: FileNode, data: Tensor, indices: Tensor) -> Tensor:
    """Return chosen elements along an axis, or rows of a table of an embedding."""
    return chosen(node, data, indices, node.attribute("axis", 0))


def triangle(node: FileNode, x: Tensor, diagonal: Tensor | None = None) -> Tensor:
    """Return the upper or the lower triangle of matrices, and zeros elsewhere."""
    place = int(node.number(1, "diagonal")) if node.has(1) else 0
    return torch.triu(x, place) if node.attribute("upper", 1) else torch.tril(x, place)


OPERATORS: dict[str, Function] = {
    "Gather": gather,
    "Slice": slices,
    "Trilu": triangle,
}
"""Operator type -> its function."""
