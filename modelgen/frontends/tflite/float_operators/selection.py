"""Choices of elements: slices, indices, reversed orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.choice import chosen
from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.tflite.float_operators.dimensions import axes_of


def parts(node: FileNode, x: Tensor, begin: Tensor, size: Tensor) -> Tensor:
    """Return a part of each dimension; the size -1 stands for all that follows."""
    first, sizes = node.ints(1, "beginning"), node.ints(2, "size")
    if not len(first) == len(sizes) == x.dim():
        node.refuse(f"has {len(first)} beginnings and {len(sizes)} sizes for {x.dim()} dimensions")
    for axis, (start, count) in enumerate(zip(first, sizes, strict=True)):
        count = x.shape[axis] - start if count == -1 else count
        if start < 0 or count < 0 or start + count > x.shape[axis]:
            node.refuse(f"takes {count} of {x.shape[axis]} elements from {start} on")
        if count != x.shape[axis]:
            x = x.narrow(axis, start, count)
    return x


@dataclass(frozen=True)
class _Slice:
    """What is taken of a dimension."""

    chosen: range
    is_dropped: bool = False
    """Whether the dimension is not in the result."""


def strided_slice(node: FileNode, x: Tensor, *_: Tensor) -> Tensor:
    """Return slices along dimensions, some of which are dropped, and new dimensions of size 1."""
    slices = list(_slices(node, x))
    taken = [each for each in slices if each is not None]
    for axis, each in enumerate(taken):
        size, found = x.shape[axis], each.chosen
        if found.step < 0 and found:
            x = torch.flip(x, [axis])
            found = range(size - 1 - found[0], size - found[-1], -found.step)
        if found != range(size):
            x = torch.ops.aten.slice(x, axis, found.start, max(found.start, found.stop), found.step)
    shape = [None if each.is_dropped else x.shape[axis] for axis, each in enumerate(taken)]
    left = iter(shape)
    result = [1 if each is None else next(left) for each in slices]
    sizes = [size for size in result if size is not None]
    return x if sizes == list(x.shape) else x.reshape(sizes)


def _slices(node: FileNode, x: Tensor) -> Iterator[_Slice | None]:
    """Yield what is taken of each dimension, and None for a new one."""
    begin, end, step = (node.ints(at, "list of limits") for at in (1, 2, 3))
    if not len(begin) == len(end) == len(step) or 0 in step:
        node.refuse(f"has limits that do not fit: {begin}, {end}, {step}")
    new, ellipsis = node.attribute("NewAxisMask"), node.attribute("EllipsisMask")
    ellipses = [at for at in range(len(begin)) if ellipsis >> at & 1]
    named = [at for at in range(len(begin)) if at not in ellipses and not new >> at & 1]
    if len(ellipses) > 1 or len(named) > x.dim():
        node.refuse(f"has {len(named)} limits for {x.dim()} dimensions")
    axes = iter(range(x.dim()))
    for at in range(len(begin)):
        if at in ellipses:
            for _ in range(x.dim() - len(named)):
                yield _Slice(range(x.shape[next(axes)]))
        elif new >> at & 1:
            yield None
        else:
            yield _slice(node, at, x.shape[next(axes)], begin[at], end[at], step[at])
    yield from (_Slice(range(x.shape[axis])) for axis in axes)


def _slice(node: FileNode, at: int, size: int, begin: int, end: int, step: int) -> _Slice:
    """Return what limits take of a dimension of some size."""
    if node.attribute("ShrinkAxisMask") >> at & 1:
        if not -size <= begin < size:
            node.refuse(f"takes element {begin} of {size}")
        return _Slice(range(begin % size, begin % size + 1), is_dropped=True)
    if node.attribute("Offset"):
        end += begin
    first = None if node.attribute("BeginMask") >> at & 1 else begin
    last = None if node.attribute("EndMask") >> at & 1 else end
    return _Slice(range(size)[first:last:step])


def gather(node: FileNode, data: Tensor, indices: Tensor) -> Tensor:
    """Return chosen elements along an axis, or rows of a table of an embedding."""
    if node.attribute("BatchDims"):
        node.refuse("chooses other elements for each sample")
    if 1 in node.constants and min(node.ints(1, "list of indices"), default=0) < 0:
        node.refuse("has an index below 0")
    return chosen(node, data, indices, node.attribute("Axis"))


def embedding(node: FileNode, indices: Tensor, table: Tensor) -> Tensor:
    """Return rows of a table."""
    rows = F.embedding(indices, table.reshape(table.shape[0], -1))
    return rows.reshape(*indices.shape, *table.shape[1:])


def reverse(node: FileNode, x: Tensor, axes: Tensor) -> Tensor:
    """Reverse the order along dimensions."""
    return torch.flip(x, axes_of(node, 1, x.dim()))


OPERATORS: dict[str, Function] = {
    "EMBEDDING_LOOKUP": embedding,
    "GATHER": gather,
    "REVERSE_V2": reverse,
    "SLICE": parts,
    "STRIDED_SLICE": strided_slice,
}
"""Operator of a file -> its function."""
