"""Positive factors as 31-bit integers and powers of two, as LiteRT computes them."""

from __future__ import annotations

import math
from dataclasses import dataclass

FRACTION_BITS = 31
"""Bits of a multiplier's fraction."""


@dataclass(frozen=True)
class Multiplier:
    """The factor `value` 2^(`shift` - 31)."""

    value: int
    """0, or from 2^30 to 2^31 - 1."""
    shift: int
    """At least -31."""

    @classmethod
    def of(cls, factor: float) -> Multiplier:
        """Return the nearest multiplier; that of a factor below 2^-32 is 0.

        Args:
            factor: not negative; FP64.
        """
        fraction, shift = math.frexp(factor)
        # Exact: the fraction has 53 bits.
        value = math.floor(fraction * 2**FRACTION_BITS + 0.5)
        if value == 2**FRACTION_BITS:
            value, shift = value // 2, shift + 1
        if shift < -FRACTION_BITS:
            return cls(0, 0)
        return cls(value, shift)

    def __float__(self) -> float:
        return math.ldexp(self.value, self.shift - FRACTION_BITS)
