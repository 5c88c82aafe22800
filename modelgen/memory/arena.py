"""Allocation of memory by lifetimes: of tensors in the arena, and of maps in the buffer.

A tensor that overwrites another shares its allocation, from the birth of the first to the death of
the last; so the lower bound counts it only once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

ALIGNMENT = 16
"""Bytes in a line of the widest memory port."""


@dataclass(frozen=True)
class Region:
    """Where something is allocated, and from which layer to which, both included."""

    name: str
    offset: int
    size: int
    first: int
    last: int
    over: str | None = None
    """What it overwrites, word by word, during its first layer."""


@dataclass(frozen=True)
class Arena:
    """Where intermediate tensors are: in bytes of memory, or words of the activation buffer."""

    size: int
    lower_bound: int
    """What any allocation needs: the largest total size of what is alive at the same time."""
    regions: tuple[Region, ...] = ()
    offsets: dict[str, int] = field(default_factory=dict)
    """Tensor -> its offset. The network's input and output are not in the arena."""

    def alive(self, first: int, last: int) -> list[Region]:
        """Return the regions that are in use during some layer of first .. last."""
        firsts, lasts = self._layers
        return [self.regions[i] for i in np.flatnonzero((firsts <= last) & (lasts >= first))]

    @cached_property
    def _layers(self) -> np.ndarray:
        """First and last layer of each region."""
        return np.array([(region.first, region.last) for region in self.regions]).reshape(-1, 2).T


@dataclass(frozen=True)
class Lifetime:
    """From the layer that writes a tensor to the last that reads it, both included."""

    first: int
    last: int
    size: int


class Usage:
    """How much of a memory is in use during each layer, while lifetimes are added and removed."""

    def __init__(self, lifetimes: Iterable[Lifetime]) -> None:
        known = list(lifetimes)
        self._sizes = np.zeros(max((item.last for item in known), default=0) + 1, np.int64)
        for item in known:
            self.add(item)

    def add(self, item: Lifetime) -> None:
        """Add a lifetime; its size is rounded up to lines."""
        self._sizes[item.first : item.last + 1] += _aligned(item.size)

    def remove(self, item: Lifetime) -> None:
        """Remove a lifetime that was added."""
        self._sizes[item.first : item.last + 1] -= _aligned(item.size)

    @property
    def most(self) -> int:
        """The largest total size of what is alive at the same time."""
        return int(self._sizes.max())

    @property
    def fullest(self) -> int:
        """The first layer during which it is reached."""
        return int(self._sizes.argmax())


def place(lifetimes: Mapping[str, Lifetime], over: Mapping[str, str] | None = None) -> Arena:
    """Allocate tensors so that those alive at the same time do not overlap.

    Args:
        lifetimes: the lifetimes of all tensors.
        over: tensor -> a tensor of the same size that it overwrites.
    """
    over = over or {}
    owners = {name: _owner(name, over) for name in lifetimes}
    merged = _merged(lifetimes, owners)
    bound = Usage(merged.values()).most
    ways = (_at_alternating_ends(merged, bound), _largest_first(merged), _in_order(merged))
    placings = [offsets for offsets in ways if offsets is not None]
    offsets = min(placings, key=lambda offsets: _end(merged, offsets))
    return Arena(
        size=_aligned(_end(merged, offsets)),
        lower_bound=bound,
        regions=tuple(
            Region(name, offsets[owners[name]], item.size, item.first, item.last, over.get(name))
            for name, item in lifetimes.items()
        ),
        offsets={name: offsets[owners[name]] for name in lifetimes},
    )


def _owner(name: str, over: Mapping[str, str]) -> str:
    """Return the first in a sequence of tensors that overwrite one another."""
    while name in over:
        name = over[name]
    return name


def _merged(lifetimes: Mapping[str, Lifetime], owners: Mapping[str, str]) -> dict[str, Lifetime]:
    """Return the lifetimes of allocations: of owners and everything that overwrites them."""
    merged: dict[str, Lifetime] = {}
    for name, item in lifetimes.items():
        known = merged.get(owners[name], item)
        first, last = min(known.first, item.first), max(known.last, item.last)
        merged[owners[name]] = Lifetime(first, last, item.size)
    return merged


def _end(lifetimes: Mapping[str, Lifetime], offsets: Mapping[str, int]) -> int:
    return max((offsets[name] + lifetimes[name].size for name in offsets), default=0)


class _Placed:
    """What has been placed, in arrays: what is compared with thousands of others takes one step."""

    def __init__(self, count: int) -> None:
        self._count = 0
        self._firsts, self._lasts, self._begins, self._ends = np.zeros((4, count), np.int64)

    def add(self, item: Lifetime, offset: int) -> None:
        end = offset + _aligned(item.size)
        place = self._count
        self._firsts[place], self._lasts[place] = item.first, item.last
        self._begins[place], self._ends[place] = offset, end
        self._count += 1

    def alive_with(self, item: Lifetime) -> tuple[np.ndarray, np.ndarray]:
        """Return begins and ends of what is alive at the same time."""
        count = self._count
        chosen = (self._firsts[:count] <= item.last) & (self._lasts[:count] >= item.first)
        return self._begins[:count][chosen], self._ends[:count][chosen]


def _at_alternating_ends(lifetimes: Mapping[str, Lifetime], size: int) -> dict[str, int] | None:
    """Place tensors alternately at the bottom and at the top; return None if some overlap.

    This is optimal for a plain sequence of layers: it achieves the lower bound.
    """
    placed = _Placed(len(lifetimes))
    offsets: dict[str, int] = {}
    for number, name in enumerate(_by_birth(lifetimes)):
        item = lifetimes[name]
        offset = size - _aligned(item.size) if number % 2 else 0
        begins, ends = placed.alive_with(item)
        if ((begins < offset + _aligned(item.size)) & (offset < ends)).any():
            return None
        placed.add(item, offset)
        offsets[name] = offset
    return offsets


def _by_birth(lifetimes: Mapping[str, Lifetime]) -> list[str]:
    return sorted(lifetimes, key=lambda name: (lifetimes[name].first, name))


def _largest_first(lifetimes: Mapping[str, Lifetime]) -> dict[str, int]:
    """Place the largest tensors first, each at the lowest offset free during its lifetime."""
    return _first_fit(lifetimes, sorted(lifetimes, key=lambda n: (-lifetimes[n].size, n)))


def _in_order(lifetimes: Mapping[str, Lifetime]) -> dict[str, int]:
    """Place tensors in order of birth."""
    return _first_fit(lifetimes, _by_birth(lifetimes))


def _first_fit(lifetimes: Mapping[str, Lifetime], order: list[str]) -> dict[str, int]:
    placed = _Placed(len(order))
    offsets: dict[str, int] = {}
    for name in order:
        item = lifetimes[name]
        offsets[name] = _lowest(item.size, *placed.alive_with(item))
        placed.add(item, offsets[name])
    return offsets


def _lowest(size: int, begins: np.ndarray, ends: np.ndarray) -> int:
    """Return the lowest offset with `size` free words among ranges that are taken."""
    candidate = 0
    for begin, end in sorted(zip(begins.tolist(), ends.tolist(), strict=True)):
        if candidate + size <= begin:
            break
        candidate = max(candidate, end)
    return candidate


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
