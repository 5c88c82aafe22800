"""Sums of two 8-bit integers as hardware computes them: two products, a constant, one shift.

All 65,536 pairs of operands are checked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST
from modelgen.arithmetic.integer.sums import SumScales, scaled_sum

_LONGEST_SHIFT = 62


@dataclass(frozen=True)
class SumForm:
    """(v + c) >> shift of v = a first + b second, where c is `positive` for v >= 0 and `negative`
    for v < 0; a and b without their zero points."""

    first: int
    second: int
    shift: int
    positive: int
    negative: int

    def of(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return the results for operands without their zero points, INT64."""
        total = first * self.first + second * self.second
        return (total + np.where(total >= 0, self.positive, self.negative)) >> self.shift


def sum_form(
    scales: SumScales, zero_points: tuple[int, int], low: int, high: int, bits: int = 31
) -> SumForm | None:
    """Return the form with the shortest multipliers for a sum; None if there is none.

    Args:
        scales: of the sum.
        zero_points: of both operands.
        low: smallest result, the zero point not added.
        high: largest result.
        bits: the most that a multiplier may have.
    """
    every = np.arange(LOWEST, HIGHEST + 1)
    first, second = every[:, None] - zero_points[0], every[None] - zero_points[1]
    results = scaled_sum(first, second, scales).clip(low, high)
    factors = [float(part) * _unit(scales) for part in (scales.first, scales.second)]
    for shift in range(_LONGEST_SHIFT):
        a, b = (round(math.ldexp(factor, shift)) for factor in factors)
        if max(a, b).bit_length() > bits:
            break
        total = first * a + second * b
        positive, negative = (
            _constant(total[side], results[side], shift, low, high)
            for side in (total >= 0, total < 0)
        )
        if positive is not None and negative is not None:
            return SumForm(a, b, shift, positive, negative)
    return None


def _unit(scales: SumScales) -> float:
    """Return the factor of a scaled operand in the result."""
    return float(scales.output) * 2.0**20


def _constant(
    total: np.ndarray, results: np.ndarray, shift: int, low: int, high: int
) -> int | None:
    """Return the constant with which sums, shifted, are the results; None if there is none."""
    reached = ((results << shift) - total)[results > low]
    missed = ((results + 1 << shift) - total)[results < high]
    least = int(reached.max()) if reached.size else None
    most = int(missed.min()) - 1 if missed.size else None
    if least is None:
        return most if most is not None else 0
    return least if most is None or least <= most else None
