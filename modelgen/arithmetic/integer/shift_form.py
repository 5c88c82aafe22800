"""Rules of rounding as hardware computes them: multiply, add a constant, shift.

Whatever a runtime does to a sum, the result is a staircase. A straight line, rounded down, follows
it if the line passes between the last sum of each step and the first one of the next. All slopes
for which there is such a line form an interval; the shortest multiplier in it is taken. As every
step is checked, the form gives the rule's result for each sum that a channel can have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelgen.arithmetic.integer.staircase import Staircase

_LONGEST_SHIFT = 62
_UNLIMITED = 1 << 80
"""Beyond all constants: where results are clamped on one side of zero, any larger or smaller one
does."""


@dataclass(frozen=True)
class ShiftForm:
    """(x multiplier + c) >> shift, where c is `positive` for x >= 0 and `negative` for x < 0."""

    multiplier: int
    """Not negative."""
    shift: int
    positive: int
    negative: int
    ties_even: bool = False
    """Whether an odd result that no bits are shifted out of is decreased by one."""

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the results for sums, INT64."""
        added = np.where(sums >= 0, self.positive, self.negative)
        total = sums * self.multiplier + added
        result = total >> self.shift
        tie = (total & ((1 << self.shift) - 1)) == 0
        return result - (self.ties_even & tie & (result & 1 == 1))


@dataclass(frozen=True)
class Limits:
    """What a line has to satisfy on one side of zero: points on or above it, and points below."""

    reached: np.ndarray
    """Rows (sum, result): at the sum the result is reached."""
    missed: np.ndarray
    """Rows (sum, result): at the sum the result is not reached."""

    @classmethod
    def of(cls, staircase: Staircase, first: int, last: int) -> Limits:
        """Return the limits for sums from `first` to `last`; none if there are no such sums."""
        if first > last:
            return cls(np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64))
        at = staircase.thresholds
        results = staircase.low + 1 + np.arange(len(at))
        inside = (first < at) & (at <= last)
        reached = [np.stack([at, results], axis=1)[inside]]
        missed = [np.stack([at - 1, results], axis=1)[inside]]
        start = staircase.low + int((at <= first).sum())
        if start > staircase.low:
            reached.append(np.array([[first, start]]))
        end = staircase.low + int((at <= last).sum())
        if end < staircase.high:
            missed.append(np.array([[last, end + 1]]))
        return cls(np.concatenate(reached), np.concatenate(missed))

    def slopes(self) -> tuple[float, float]:
        """Return the open interval of slopes of lines that satisfy the limits, about."""
        run = self.reached[:, None, 0] - self.missed[None, :, 0]
        rise = self.reached[:, None, 1] - self.missed[None, :, 1]
        rising, falling = run > 0, run < 0
        return (
            float((rise[rising] / run[rising]).max(initial=-math.inf)),
            float((rise[falling] / run[falling]).min(initial=math.inf)),
        )

    def constants(self, multiplier: int, shift: int, ties_even: bool) -> range:
        """Return all constants with which a multiplier satisfies the limits, exactly."""

        def needed(points: np.ndarray) -> list[int]:
            # Python's integers, which cannot overflow.
            return [
                (result << shift) + (ties_even and result & 1) - multiplier * x
                for x, result in points.tolist()
            ]

        least, most = needed(self.reached), needed(self.missed)
        return range(max(least, default=-_UNLIMITED), min(most, default=_UNLIMITED))


def shift_form(staircase: Staircase, factor: float, bits: int = 31) -> ShiftForm | None:
    """Return the form with the shortest multiplier for a staircase; None if there is none.

    Args:
        staircase: of a channel.
        factor: the slope that the rule has about; used where ties are rounded to even.
        bits: the most that a multiplier may have.
    """
    sides = [
        Limits.of(staircase, max(staircase.lowest, 0), staircase.highest),
        Limits.of(staircase, staircase.lowest, min(staircase.highest, -1)),
    ]
    slopes = [side.slopes() for side in sides]
    above, below = max(low for low, _ in slopes), min(high for _, high in slopes)
    for shift in range(_LONGEST_SHIFT):
        first = max(math.floor(math.ldexp(above, shift)) + 1, 0) if above > -math.inf else 0
        if first.bit_length() > bits:
            break
        # The interval is known up to rounding: the next one may be the first inside.
        for multiplier in (first, first + 1):
            if multiplier <= min(math.ldexp(below, shift), (1 << bits) - 1):
                form = _form(sides, multiplier, shift, ties_even=False)
                if form is not None:
                    return form
    return _with_even_ties(sides, factor, bits)


def _with_even_ties(sides: Sequence[Limits], factor: float, bits: int) -> ShiftForm | None:
    """Return a form that rounds ties to even, with the multiplier nearest to a factor."""
    for shift in range(_LONGEST_SHIFT):
        multiplier = round(math.ldexp(factor, shift))
        if multiplier.bit_length() > bits:
            break
        form = _form(sides, multiplier, shift, ties_even=True)
        if form is not None:
            return form
    return None


def _form(
    sides: Sequence[Limits], multiplier: int, shift: int, *, ties_even: bool
) -> ShiftForm | None:
    """Return the form with a multiplier, with constants as near to each other as there are."""
    positive, negative = (side.constants(multiplier, shift, ties_even) for side in sides)
    if not positive or not negative:
        return None
    wished = max(positive[0], negative[0])
    above = _nearest(0 if wished == -_UNLIMITED else wished, positive)
    return ShiftForm(multiplier, shift, above, _nearest(above, negative), ties_even)


def _nearest(value: int, choices: range) -> int:
    return min(max(value, choices[0]), choices[-1])
