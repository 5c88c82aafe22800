"""Sums of two 8-bit integers as hardware computes them: two products, a constant, one shift.

All 65,536 pairs of operands are checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from modelgen.arithmetic.integer.channel_forms import (
    CONSTANTS,
    SHIFTS,
    UNIT_BITS,
    mirrored,
    nearest,
    rounded,
)
from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST
from modelgen.arithmetic.integer.sums import SumScales, scaled_sum

FACTOR_BITS = 26
SCALE_BITS = 8
"""Products are multiplied by 2^8 first, so that they can be treated like those of sums."""
_SHIFTS = tuple(shift - SCALE_BITS for shift in SHIFTS)
_UNIT_BITS = UNIT_BITS - SCALE_BITS

_CHANGES = (0, 1, -1, 2, -2, 3, -3, 4, -4)
"""What is added to both multipliers in turn, until there are constants for them."""


@dataclass(frozen=True)
class SumForm:
    """v = a first + b second with operands without their zero points; v + c 2^8, where c is
    `negative` for v < 0, else `positive`, is divided by 2^shift and rounded to the nearest integer,
    ties upwards."""

    first: int
    """From 0 to 2^26 - 1."""
    second: int
    shift: int
    """22, 29, 36 or 43."""
    positive: int
    """From -2^14 to 3 2^14 - 1."""
    negative: int
    """From -3 2^14 to 2^14 - 1."""

    def of(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return the results for operands without their zero points, INT64."""
        total = first * self.first + second * self.second
        constant = np.where(total < 0, self.negative, self.positive)
        return rounded(total + (constant << _UNIT_BITS), self.shift)


def sum_form(
    scales: SumScales, zero_points: tuple[int, int], low: int, high: int
) -> SumForm | None:
    """Return a form of a sum; None if none was found.

    Args:
        scales: of the sum.
        zero_points: of both operands.
        low: smallest result, the zero point not added.
        high: largest result.
    """
    first, second = every_pair(zero_points)
    factors = np.array([float(part) * _unit(scales) for part in (scales.first, scales.second)])
    return form_of_results(scaled_sum(first, second, scales), factors, zero_points, low, high)


def every_pair(zero_points: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return all operands without their zero points, INT64, shapes (256, 1) and (1, 256)."""
    every = np.arange(LOWEST, HIGHEST + 1)
    return every[:, None] - zero_points[0], every[None] - zero_points[1]


def form_of_results(
    results: np.ndarray, factors: np.ndarray, zero_points: tuple[int, int], low: int, high: int
) -> SumForm | None:
    """Return a form that gives the results of any rule; None if none was found.

    Args:
        results: of all pairs of operands, the zero point not added, INT64, shape (256, 256).
        factors: nearly those of both operands, shape (2,).
        zero_points: of both operands.
        low: smallest result.
        high: largest result.
    """
    first, second = every_pair(zero_points)
    results = results.clip(low, high)
    shift = int(nearest(factors, _SHIFTS, FACTOR_BITS)[1].min())
    multipliers = np.rint(np.ldexp(factors, shift)).astype(np.int64)
    for changes in product(_CHANGES, repeat=2):
        a, b = (multipliers + changes).tolist()
        if min(a, b) < 0 or max(a, b) >= 1 << FACTOR_BITS:
            continue
        total = first * a + second * b
        limits = shift, low, high
        positive = _constant(total[total >= 0], results[total >= 0], CONSTANTS, *limits)
        negative = _constant(total[total < 0], results[total < 0], mirrored(CONSTANTS), *limits)
        if positive is not None and negative is not None:
            return SumForm(a, b, shift, positive, negative)
    return None


def _unit(scales: SumScales) -> float:
    """Return the factor of a scaled operand in the result."""
    return float(scales.output) * 2.0**20


def _constant(
    total: np.ndarray,
    results: np.ndarray,
    constants: tuple[int, int],
    shift: int,
    low: int,
    high: int,
) -> int | None:
    """Return the constant nearest to zero with which sums give the results; None for none."""
    start = total + (1 << (shift - 1))
    reached = ((results << shift) - start)[results > low].max(initial=-(1 << 62))
    missed = ((results + 1 << shift) - start - 1)[results < high].min(initial=1 << 62)
    first = max(-(-int(reached) >> _UNIT_BITS), constants[0])
    last = min(int(missed) >> _UNIT_BITS, constants[1])
    return min(max(first, 0), last) if first <= last else None
