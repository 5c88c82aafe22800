"""The largest array that would fit into a device, estimated from one synthesized size.

The processing elements grow with the square of the array's size. What stands at its edges
(alignment of activations, rounding of sums, accumulators, ports of the activation buffer) is one
lane a row or column and grows with the size itself. All else stays as it is: the CPU, the memory,
the words of the buffer, and the parts of the engine that are as wide as its memory port.
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
    # The same words in more banks.
    "activation_buffer": (1, 0),
}
"""The powers of the array's size with which a module's logic and its blocks of RAM grow. They hold
for all in it that is not named here."""
BLOCKS = ("bram", "uram")
SIZES = range(4, 65, 4)
"""Sizes that are tried; the engine itself has a limit of its own."""
ENGINE_LIMIT = 32


def largest_array(top: Instance, holds: Resources) -> dict | None:
    """The largest size that fits and what it would take; None for a design without an array.

    `lacking` names what the next size would lack most.
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


def array_size(top: Instance) -> int:
    """Rows of the array in a design; 0 if there is none."""
    return isqrt(sum(one.kind == ELEMENT for one in top.walk()))


def scaled(top: Instance, size: int) -> Resources:
    """What the design would take with an array of another size."""
    factor = size / array_size(top)
    sums = [Resources()] * 3
    for power, own in _by_power(top, (0, 0)):
        sums[power] += own
    return sums[0] + sums[1].times(factor) + sums[2].times(factor**2)


def _by_power(one: Instance, powers: tuple[int, int]) -> Iterator[tuple[int, Resources]]:
    """What each instance takes itself, with the power of the array's size that it grows with."""
    powers = POWERS.get(one.kind, powers)
    blocks = Resources(**{name: getattr(one.own, name) for name in BLOCKS})
    yield powers[0], replace(one.own, **dict.fromkeys(BLOCKS, 0))
    yield powers[1], blocks
    for child in one.children:
        yield from _by_power(child, powers)


def _lacking(needed: Resources, holds: Resources) -> str:
    """The resource of which most is lacking; empty if all fits."""
    shares = {name: getattr(needed, name) / getattr(holds, name) for name in NAMES}
    name = max(shares, key=lambda name: shares[name])
    return HEADINGS[name] if shares[name] > 1 else ""
