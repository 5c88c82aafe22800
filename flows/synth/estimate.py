"""The largest array that would fit a device, estimated from one synthesized size.

The processing elements grow with the square of the array's size. The logic at its edges (alignment
of activations, rounding of sums, accumulators, ports of the activation buffer) has one lane per row
or column and grows linearly. Everything else stays the same: the CPU, the memory, the words of the
buffer, and the parts of the engine that are as wide as its memory port.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from math import isqrt

from flows.synth.hierarchy import Instance
from flows.synth.resources import HEADINGS, NAMES, Resources

ELEMENT = "processing_element"
POWERS = {
    "systolic_array": (2, 2),
    "slice_product": (1, 1),
    "accumulators": (1, 1),
    "window_maximum": (1, 1),
    # The same number of words in more banks.
    "activation_buffer": (1, 0),
}
"""The powers of the array's size with which a module's logic and its RAM blocks grow. They also
apply to all its submodules that are not listed here."""
BLOCKS = ("bram", "uram")
SIZES = range(4, 65, 4)
"""Sizes to try; the engine has a limit of its own."""
ENGINE_LIMIT = 32


def largest_array(top: Instance[Resources], holds: Resources) -> dict | None:
    """Return the largest size that fits and its usage, or None for a design without an array.

    `lacking` is the resource that the next size would lack most.
    """
    if not array_size(top):
        return None
    fits: dict = {"size": 0, "takes": {}}
    for size in SIZES:
        takes = scaled(top, size)
        if lacking := _lacking(takes, holds):
            break
        fits = {"size": size, "takes": asdict(takes)}
    return {**fits, "lacking": lacking, "engine_limit": ENGINE_LIMIT, "from": array_size(top)}


def array_size(top: Instance[Resources]) -> int:
    """Return the rows of a design's array, or 0 if it has none."""
    return isqrt(sum(one.kind == ELEMENT for one in top.walk()))


def scaled(top: Instance[Resources], size: int) -> Resources:
    """Return the design's usage with an array of another size."""
    factor = size / array_size(top)
    sums = [Resources()] * 3
    for power, own in _by_power(top, (0, 0)):
        sums[power] += own
    return sums[0] + sums[1].times(factor) + sums[2].times(factor**2)


def _by_power(one: Instance[Resources], powers: tuple[int, int]) -> Iterator[tuple[int, Resources]]:
    """Yield each instance's own usage and the power of the array's size with which it grows."""
    powers = POWERS.get(one.kind, powers)
    blocks = Resources(**{name: getattr(one.own, name) for name in BLOCKS})
    yield powers[0], replace(one.own, **dict.fromkeys(BLOCKS, 0))
    yield powers[1], blocks
    for child in one.children:
        yield from _by_power(child, powers)


def _lacking(needed: Resources, holds: Resources) -> str:
    """Return the resource with the greatest shortage; empty if everything fits."""
    shares = {name: getattr(needed, name) / getattr(holds, name) for name in NAMES}
    name = max(shares, key=lambda name: shares[name])
    return HEADINGS[name] if shares[name] > 1 else ""
