"""Choices of elements: slices, indices, triangles."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.onnx.module import Function
from modelgen.frontends.onnx.nodes import OnnxNode


def slices(node: OnnxNode, x: Tensor, *_: Tensor | None) -> Tensor:
    """Return slices along axes; with a negative step, from the end."""
    starts, ends = node.ints(1, "list of starts"), node.ints(2, "list of ends")
    axes = node.ints(3, "list of axes") if node.has(3) else range(len(starts))
    steps = node.ints(4, "list of steps") if node.has(4) else [1] * len(starts)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        axis %= x.dim()
        size = x.shape[axis]
        chosen = _range(size, start, end, step)
        if step < 0:
            x = torch.flip(x, [axis])
            chosen = range(size - 1 - chosen.start, size - 1 - chosen.stop, -step)
        if chosen != range(size):
            x = torch.ops.aten.slice(x, axis, chosen.start, chosen.stop, chosen.step)
    return x


def _range(size: int, start: int, end: int, step: int) -> range:
    """Return the indices that a slice takes; unlike Python's, it may begin before the first."""
    start, end = (place + size if place < 0 else place for place in (start, end))
    if step > 0:
        return range(min(max(start, 0), size), min(max(end, 0), size), step)
    return range(min(max(start, 0), size - 1), min(max(end, -1), size - 1), step)


def gather(node: OnnxNode, data: Tensor, indices: Tensor) -> Tensor:
    """Return chosen elements along an axis, or rows of a table of an embedding."""
    axis = node.attribute("axis", 0) % data.dim()
    if 1 in node.constants:
        return _chosen(node, data, axis)
    if 0 not in node.constants or axis != 0:
        node.refuse(
            f"has indices, '{node.inputs[1]}', that depend on the model's input",
            "Only rows of a constant table can be chosen so, as in an embedding.",
        )
    rows = F.embedding(indices, data.reshape(data.shape[0], -1))
    return rows.reshape(*indices.shape, *data.shape[1:])


def _chosen(node: OnnxNode, data: Tensor, axis: int) -> Tensor:
    """Return constant indices along an axis."""
    shape = node.constants[1].shape
    indices = [index % data.shape[axis] for index in node.ints(1, "list of indices")]
    if not shape:
        return torch.select(data, axis, indices[0])
    taken = torch.index_select(data, axis, torch.tensor(indices))
    return taken.reshape(*data.shape[:axis], *shape, *data.shape[axis + 1 :])


def triangle(node: OnnxNode, x: Tensor, diagonal: Tensor | None = None) -> Tensor:
    """Return the upper or the lower triangle of matrices, and zeros elsewhere."""
    place = int(node.number(1, "diagonal")) if node.has(1) else 0
    return torch.triu(x, place) if node.attribute("upper", 1) else torch.tril(x, place)


OPERATORS: dict[str, Function] = {
    "Gather": gather,
    "Slice": slices,
    "Trilu": triangle,
}
"""Operator type -> its function."""
