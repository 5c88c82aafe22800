"""Strided boxes of values, and where their values are if they are stored with gaps.

A box has sides: the source that it is read from, and each destination that it is written to. On
every side its values are at constant distances along each dimension.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from modelgen.operators.movement import Part


class Dimension(NamedTuple):
    """Values at constant distances."""

    size: int
    steps: tuple[int, ...]
    """Between neighbours, on each side; none is negative."""


@dataclass(frozen=True)
class Box:
    """Values that are copied together."""

    starts: tuple[int, ...]
    """The first value's place, on each side."""
    dimensions: tuple[Dimension, ...]

    @classmethod
    def of(cls, part: Part, destinations: int) -> Box:
        """Return a part of a movement as a box with so many equal destinations."""
        dimensions = (
            Dimension(size, (read, *[written] * destinations))
            for size, read, written in zip(
                part.sizes, part.source_strides, part.strides, strict=True
            )
            if size > 1
        )
        return cls((part.source_offset, *[part.offset] * destinations), tuple(dimensions))

    def reach(self, side: int) -> int:
        """Return the distance from the first to the last value on one side."""
        return sum((size - 1) * steps[side] for size, steps in self.dimensions)

    def cut(self, dimension: Dimension, first: int, size: int) -> Box:
        """Return the box with only `size` indices of one dimension, from `first` on."""
        starts = (a + first * b for a, b in zip(self.starts, dimension.steps, strict=True))
        kept = replace(self, starts=tuple(starts))
        return kept.with_dimension(dimension, *[Dimension(size, dimension.steps)] * (size > 1))

    def grouped(self, dimension: Dimension, count: int) -> Box:
        """Return the box with one dimension as two: whole groups of `count`, and those in a group.

        Indices behind the last whole group are left out.
        """
        size, steps = dimension
        groups = Dimension(size // count, tuple(count * step for step in steps))
        kept = Dimension(groups.size * count, steps)
        outer = (groups,) if groups.size > 1 else ()
        whole = self.cut(dimension, 0, kept.size)
        return whole.with_dimension(kept, *outer, Dimension(count, steps))

    def with_dimension(self, dimension: Dimension, *others: Dimension) -> Box:
        """Return the box with other dimensions in the place of one."""
        place = self.dimensions.index(dimension)
        before, after = self.dimensions[:place], self.dimensions[place + 1 :]
        return replace(self, dimensions=(*before, *others, *after))

    def merged(self) -> Box:
        """Return the same box with as few dimensions as possible, the innermost written last."""
        merged: list[Dimension] = []
        for inner in sorted(self.dimensions, key=lambda each: each.steps[::-1], reverse=True):
            if merged and merged[-1].steps == tuple(inner.size * step for step in inner.steps):
                merged[-1] = Dimension(merged[-1].size * inner.size, inner.steps)
            else:
                merged.append(inner)
        return replace(self, dimensions=tuple(merged))


@dataclass(frozen=True)
class Storage:
    """Where consecutive values are: in groups of groups, each at a constant distance."""

    base: int = 0
    groups: tuple[tuple[int, int], ...] = ()
    """(values, words from one group to the next) of each kind of group, the smallest first; each is
    a multiple of the one before. Values of the smallest group are consecutive words."""

    @property
    def gaps(self) -> tuple[tuple[int, int], ...]:
        """The groups which do not simply follow one another in the next larger group."""
        found = []
        before = 1, 1
        for values, words in self.groups:
            if words * before[0] != values * before[1]:
                found.append((values, words))
            before = values, words
        return tuple(found)

    def distance(self, values: int) -> int:
        """Return the words from the beginning of a group to a value in it."""
        words = 0
        for size, pitch in reversed(self.gaps):
            count, values = divmod(values, size)
            words += count * pitch
        return words + values


def stored(box: Box, storages: Sequence[Storage]) -> Iterator[Box]:
    """Yield boxes of the same values, with words of memories in the place of indices.

    Args:
        box: its sides are indices of values.
        storages: where the values of each side are.
    """
    pieces = [box]
    for side, storage in enumerate(storages):
        for values, _ in storage.gaps:
            pieces = [piece for whole in pieces for piece in _in_groups(whole, side, values)]
    for piece in pieces:
        starts = (s.base + s.distance(i) for s, i in zip(storages, piece.starts, strict=True))
        dimensions = (
            Dimension(size, tuple(s.distance(i) for s, i in zip(storages, steps, strict=True)))
            for size, steps in piece.dimensions
        )
        yield Box(tuple(starts), tuple(dimensions)).merged()


def _in_groups(box: Box, side: int, values: int) -> Iterator[Box]:
    """Yield boxes whose dimensions go from group to group, or stay in a group of `values`."""
    inner = [each for each in box.dimensions if each.steps[side] % values]
    reach = box.starts[side] % values + sum((d.size - 1) * d.steps[side] for d in inner)
    if reach < values:
        yield box
        return
    widest = max(inner, key=lambda each: each.steps[side])
    size, step = widest.size, widest.steps[side]
    rest = reach - (size - 1) * step
    # If the other dimensions leave a group on their own, each index is a box.
    inside = max((values - 1 - rest) // step + 1, 1)
    if inside * step == values and size >= inside:
        yield from _in_groups(box.grouped(widest, inside), side, values)
        inside = size // inside * inside
    else:
        yield from _in_groups(box.cut(widest, 0, inside), side, values)
    if inside < size:
        yield from _in_groups(box.cut(widest, inside, size - inside), side, values)
