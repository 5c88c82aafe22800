"""Allocation of memory by lifetimes: of tensors in the arena, and of maps in the buffer.

A tensor that overwrites another shares its allocation, from the birth of the first to the death of
the last; so the lower bound counts it only once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Lifetime:
    """From the layer that writes a tensor to the last that reads it, both included."""

    first: int
    last: int
    size: int

    def meets(self, other: Lifetime) -> bool:
        """Return whether both are alive during some layer."""
        return self.first <= other.last and other.first <= self.last


def place(lifetimes: Mapping[str, Lifetime], over: Mapping[str, str] | None = None) -> Arena:
    """Allocate tensors so that those alive at the same time do not overlap.

    Args:
        lifetimes: the lifetimes of all tensors.
        over: tensor -> a tensor of the same size that it overwrites.
    """
    over = over or {}
    owners = {name: _owner(name, over) for name in lifetimes}
    merged = _merged(lifetimes, owners)
    bound = _lower_bound(merged)
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


def _at_alternating_ends(lifetimes: Mapping[str, Lifetime], size: int) -> dict[str, int] | None:
    """Place tensors alternately at the bottom and at the top; return None if some overlap.

    This is optimal for a plain sequence of layers: it achieves the lower bound.
    """
    order = sorted(lifetimes, key=lambda name: (lifetimes[name].first, name))
    offsets = {
        name: size - _aligned(lifetimes[name].size) if number % 2 else 0
        for number, name in enumerate(order)
    }
    pairs = ((name, other) for i, name in enumerate(order) for other in order[:i])
    return None if any(_collide(*pair, lifetimes, offsets) for pair in pairs) else offsets


def _collide(
    one: str, other: str, lifetimes: Mapping[str, Lifetime], offsets: Mapping[str, int]
) -> bool:
    """Return whether two tensors are alive at the same time and overlap."""
    starts_before_end = offsets[one] < offsets[other] + _aligned(lifetimes[other].size)
    ends_after_start = offsets[other] < offsets[one] + _aligned(lifetimes[one].size)
    return lifetimes[one].meets(lifetimes[other]) and starts_before_end and ends_after_start


def _largest_first(lifetimes: Mapping[str, Lifetime]) -> dict[str, int]:
    """Place the largest tensors first, each at the lowest offset free during its lifetime."""
    return _first_fit(lifetimes, sorted(lifetimes, key=lambda n: (-lifetimes[n].size, n)))


def _in_order(lifetimes: Mapping[str, Lifetime]) -> dict[str, int]:
    """Place tensors in order of birth."""
    return _first_fit(lifetimes, sorted(lifetimes, key=lambda n: (lifetimes[n].first, n)))


def _first_fit(lifetimes: Mapping[str, Lifetime], order: list[str]) -> dict[str, int]:
    offsets: dict[str, int] = {}
    for name in order:
        offsets[name] = _lowest(name, lifetimes, offsets)
    return offsets


def _lowest(name: str, lifetimes: Mapping[str, Lifetime], offsets: Mapping[str, int]) -> int:
    mine = lifetimes[name]
    taken = sorted(
        (offset, _aligned(offset + lifetimes[other].size))
        for other, offset in offsets.items()
        if lifetimes[other].meets(mine)
    )
    candidate = 0
    for begin, end in taken:
        if candidate + mine.size <= begin:
            break
        candidate = max(candidate, end)
    return candidate


def _lower_bound(lifetimes: Mapping[str, Lifetime]) -> int:
    steps = {lifetime.first for lifetime in lifetimes.values()}
    alive = [[item for item in lifetimes.values() if item.first <= s <= item.last] for s in steps]
    return max((sum(_aligned(item.size) for item in items) for items in alive), default=0)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
