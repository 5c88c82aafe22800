"""Movements that work on each axis separately: slices, padding, repetition, selection."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import as_strided

from modelgen.operators.base import Arrays, Shape
from modelgen.operators.movement import FILL, Copy, Movement, Part

if TYPE_CHECKING:
    import torch

FILLED = -1
"""The index of an element that has the fill value."""
Pair = tuple[int, int]


@dataclass(frozen=True)
class Run:
    """Equal groups of elements of an axis, each at a constant distance from the one before.

    Pairs are those of the groups, and of the elements in a group.
    """

    start: int
    """Index of the first element of the input."""
    target: int
    """Index of the first element of the output."""
    sizes: Pair
    steps: Pair
    """Between neighbours in the input."""
    strides: Pair
    """Between neighbours in the output."""


def runs_of(indices: np.ndarray) -> list[Run]:
    """Return runs that give each element of an axis of the output its element of the input.

    Args:
        indices: of the input, for each element of the output; `FILLED` elements are in no run.
    """
    length = len(indices)
    found = [
        _runs_of_groups(indices.reshape(-1, size))
        for size in range(1, length + 1)
        if length % size == 0
    ]
    return min((runs for runs in found if runs is not None), key=len, default=[])


def _runs_of_groups(groups: np.ndarray) -> list[Run] | None:
    """Return the runs of groups at a constant distance; None if there is none."""
    count, size = groups.shape
    step = int(groups[1, 0] - groups[0, 0]) if count > 1 else 0
    if count > 1 and ((np.diff(groups, axis=0) != step).any() or (groups < 0).any()):
        return None
    return [
        Run(int(groups[0, first]), first, (count, length), (step, inner), (size, 1))
        for first, length, inner in _segments(groups[0])
    ]


def _segments(indices: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Yield position, length and step of the arithmetic progressions in a list of indices."""
    first = 0
    while first < len(indices):
        end = first + 1
        if indices[first] == FILLED:
            first = end
            continue
        step = 0
        if end < len(indices) and indices[end] != FILLED:
            step = int(indices[end] - indices[first])
            while end < len(indices) and indices[end] == indices[end - 1] + step >= 0:
                end += 1
        yield first, end - first, step
        first = end


class Indexed(Movement):
    """An operator that gives each index of an axis of the output an index of the input."""

    @abstractmethod
    def indices(self, shape: Shape) -> list[np.ndarray]:
        """Return, for each axis, the index of the input that each index of the output reads.

        Args:
            shape: the input's.
        """

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return tuple(len(indices) for indices in self.indices(inputs[0]))

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        values = inputs[0]
        for axis, indices in enumerate(self.indices(tuple(values.shape))):
            chosen = torch.from_numpy(indices).to(values.device)
            values = values.index_select(axis, chosen.clamp(min=0))
            if self.fill is not None:
                shape = [1] * axis + [-1] + [1] * (values.dim() - axis - 1)
                values = values.masked_fill((chosen == FILLED).reshape(shape), self.fill)
        return values

    def copies(self, inputs: Sequence[np.ndarray], output: np.ndarray) -> Iterable[Copy]:
        """See `Movement.copies`."""
        values = inputs[0]
        for runs in product(*map(runs_of, self.indices(values.shape))):
            read = _view(values, [(run.start, run.sizes, run.steps) for run in runs])
            written = _view(output, [(run.target, run.sizes, run.strides) for run in runs])
            yield Copy(0, read, written)

    def gaps(self, inputs: Sequence[Shape]) -> list[Part]:
        """See `Movement.gaps`: up to an axis all is copied, of this one nothing."""
        indices = self.indices(inputs[0])
        shape = tuple(map(len, indices))
        strides = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
        found = []
        for axis, along in enumerate(indices):
            before = [_ranges(other, filled=False) for other in indices[:axis]]
            after = [[range(size)] for size in shape[axis + 1 :]]
            for box in product(*before, _ranges(along, filled=True), *after):
                first = sum(each.start * stride for each, stride in zip(box, strides, strict=True))
                found.append(Part(FILL, tuple(map(len, box)), 0, strides, int(first), strides))
        return [part for part in found if 0 not in part.sizes]


def _ranges(indices: np.ndarray, *, filled: bool) -> list[range]:
    """Return the ranges of an axis of the output that have the fill value, or that have not."""
    edges = np.flatnonzero(np.diff(np.pad((indices == FILLED) == filled, 1).astype(int)))
    return [range(start, stop) for start, stop in edges.reshape(-1, 2)]


def _view(array: np.ndarray, axes: Sequence[tuple[int, Pair, Pair]]) -> np.ndarray:
    """Return a view with two dimensions for each axis: start, sizes, and steps of both."""
    first = array[tuple(slice(start, None) for start, _, _ in axes)]
    shape = [size for _, sizes, _ in axes for size in sizes]
    strides = [
        step * stride
        for stride, (_, _, steps) in zip(array.strides, axes, strict=True)
        for step in steps
    ]
    return as_strided(first, shape, strides)
