"""Broadcasting as NumPy and PyTorch do it, as nested loops over contiguous tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelgen.operators.base import Shape

_SHORTEST_RUN = 8
"""Elements of an innermost loop below which another dimension becomes the innermost."""


@dataclass(frozen=True)
class Loop:
    """A loop over one or several dimensions of the result."""

    size: int
    strides: tuple[int, ...]
    """Elements between neighbours in each operand, 0 where it is repeated, and in the result."""

    def scaled(self, sizes: Sequence[int]) -> Loop:
        """Return the loop over tensors whose elements are in turn blocks of these sizes."""
        pairs = zip(self.strides, sizes, strict=True)
        return Loop(self.size, tuple(stride * size for stride, size in pairs))

    def initializer(self) -> str:
        """Return the initializer of a `heepstor::Loop`."""
        return "{" + ", ".join(map(str, (self.size, *self.strides))) + "}"


def broadcast_loops(shapes: Sequence[Shape]) -> list[Loop]:
    """Return as few loops as possible over the elements of a broadcast result; at least one.

    Args:
        shapes: of the operands.

    Returns:
        The loops, the outermost first.
    """
    result = np.broadcast_shapes(*shapes)
    loops: list[Loop] = []
    views = [_strides(shape, result) for shape in (*shapes, result)]
    for size, *strides in zip(result, *views, strict=True):
        if size == 1:
            continue
        if loops and loops[-1].strides == tuple(stride * size for stride in strides):
            loops[-1] = Loop(loops[-1].size * size, tuple(strides))
        else:
            loops.append(Loop(size, tuple(strides)))
    return loops or [Loop(1, (1,) * len(views))]


def with_a_long_run(loops: list[Loop]) -> list[Loop]:
    """Return the loops with the longest as the innermost one, if that is short."""
    if loops[-1].size >= _SHORTEST_RUN:
        return loops
    longest = max(loops, key=lambda loop: loop.size)
    return [*(loop for loop in loops if loop is not longest), longest]


def _strides(shape: Shape, result: Shape) -> tuple[int, ...]:
    """Return the strides of a contiguous tensor that is broadcast to the result's shape."""
    # One byte an element: distances in bytes are distances in elements.
    return np.broadcast_to(np.empty(shape, np.uint8), result).strides
