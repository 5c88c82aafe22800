"""Places what lives for some layers in one memory: tensors in the arena, maps in the buffer.

A tensor that is written over another one is one thing with it, from the birth of the first to the
death of the last; so the lower bound counts their common place once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ALIGNMENT = 16
"""Bytes of a line of the widest memory port."""


@dataclass(frozen=True)
class Region:
    """Where something lies, and from which to which layer, both included."""

    name: str
    offset: int
    size: int
    first: int
    last: int
    over: str | None = None
    """What it is written over, word by word, during its first layer."""


@dataclass(frozen=True)
class Arena:
    """Where intermediate tensors lie: bytes of memory, or words of the activation buffer."""

    size: int
    lower_bound: int
    """What any placement needs: the largest sum of what lives at the same time."""
    regions: tuple[Region, ...] = ()
    offsets: dict[str, int] = field(default_factory=dict)
    """Tensor -> where it begins. The network's input and output are not in the arena."""


@dataclass(frozen=True)
class Lifetime:
    """From the layer that writes a tensor to the last that reads it, both included."""

    first: int
    last: int
    size: int

    def meets(self, other: Lifetime) -> bool:
        """Tell whether both live during some layer."""
        return self.first <= other.last and other.first <= self.last


def place(lifetimes: Mapping[str, Lifetime], over: Mapping[str, str] | None = None) -> Arena:
    """Return offsets such that tensors that live at the same time do not overlap.

    Args:
        lifetimes: of all tensors.
        over: tensor -> one of the same size in whose place it is written.
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
    """Return the first of the tensors that are written over one another."""
    while name in over:
        name = over[name]
    return name


def _merged(lifetimes: Mapping[str, Lifetime], owners: Mapping[str, str]) -> dict[str, Lifetime]:
    """Return the lifetimes of the places: of owners and all that is written over them."""
    merged: dict[str, Lifetime] = {}
    for name, item in lifetimes.items():
        known = merged.get(owners[name], item)
        first, last = min(known.first, item.first), max(known.last, item.last)
        merged[owners[name]] = Lifetime(first, last, item.size)
    return merged


def _end(lifetimes: Mapping[str, Lifetime], offsets: Mapping[str, int]) -> int:
    return max((offsets[name] + lifetimes[name].size for name in offsets), default=0)


def _at_alternating_ends(lifetimes: Mapping[str, Lifetime], size: int) -> dict[str, int] | None:
    """Place one tensor at the bottom, the next at the top; None if some overlap.

    This is the best for a plain sequence of layers: it needs no more than the lower bound.
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
    """Tell whether two tensors live at the same time in the same place."""
    starts_before_end = offsets[one] < offsets[other] + _aligned(lifetimes[other].size)
    ends_after_start = offsets[other] < offsets[one] + _aligned(lifetimes[one].size)
    return lifetimes[one].meets(lifetimes[other]) and starts_before_end and ends_after_start


def _largest_first(lifetimes: Mapping[str, Lifetime]) -> dict[str, int]:
    """Place the largest tensors first, each at the lowest offset that is free during its life."""
    return _first_fit(lifetimes, sorted(lifetimes, key=lambda n: (-lifetimes[n].size, n)))


def _in_order(lifetimes: Mapping[str, Lifetime]) -> dict[str, int]:
    """Place tensors as they come to life."""
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
