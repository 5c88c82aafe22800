"""Rules of rounding as the CPU computes them: multiply, add a constant, shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelgen.arithmetic.integer.multiplier import FRACTION_BITS


@dataclass(frozen=True)
class ShiftForm:
    """(x multiplier + c) >> shift, where c is `positive` for x >= 0 and `negative` for x < 0."""

    multiplier: int
    """Not negative."""
    shift: int
    positive: int
    negative: int

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the results for sums, INT64."""
        added = np.where(sums >= 0, self.positive, self.negative)
        return (sums * self.multiplier + added) >> self.shift


def rounded_twice(multiplier: int, shift: int) -> ShiftForm | None:
    """Return the form of `rounding.round_double` for all sums that a shift to the left keeps.

    No solver is needed: rounding to a fraction and then to an integer is rounding down once, after
    both halves are added; of a negative sum, the second half is a unit of the fraction less, as
    ties go away from zero.

    Args:
        multiplier: `Multiplier.value`.
        shift: `Multiplier.shift`; None is returned for one above 30.
    """
    half = 1 << (FRACTION_BITS - 1)
    if shift > FRACTION_BITS - 1:
        return None
    if shift >= 0:
        return ShiftForm(multiplier, FRACTION_BITS - shift, half >> shift, half >> shift)
    second = half << -shift
    return ShiftForm(multiplier, FRACTION_BITS - shift, second + half, second - half)


def rounded_once(multiplier: int, shift: int) -> ShiftForm | None:
    """Return the form of `rounding.round_single`; None for a shift above 30."""
    places = FRACTION_BITS - shift
    if places < 1:
        return None
    return ShiftForm(multiplier, places, 1 << (places - 1), 1 << (places - 1))
