"""Rules of rounding as the engine and the CPU compute them: multiply, add a constant, shift.

Whatever a runtime does to a sum, the result is a staircase. A straight line, rounded, follows it if
it passes between the last sum of each step and the first one of the next. Hardware has a multiplier
of 26 bits and two constants, one for each sign of the sum. The constants are found from the rule's
own results on both sides of each step, so that an exact form gives the rule's result for each sum
that its channel can have.

A product that is rounded to FP32 before it is rounded to an integer makes ties of sums near them,
which no line follows. Hardware can round like that, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from modelgen.arithmetic.integer.staircase import Staircases

MULTIPLIER_BITS = 26
SHORTEST_SHIFT, LONGEST_SHIFT = 24, 55
UNIT_BITS = 15
"""Constants are multiples of 2^15."""
CONSTANT_BITS = 16
LARGEST_CONSTANT = (1 << (CONSTANT_BITS - 1)) - 1
SUM_BITS = 27
"""Sums are saturated to so many bits, the sign included."""

_CHANGES = (0, 1, -1, 2, -2, 3, -3, 5, -5, 8, -8, 16, -16)
"""What is added to the nearest multiplier in turn, until there are constants for it."""
_UNBOUND = 1 << 62
_FP32_BITS = 24


@dataclass(frozen=True)
class Format:
    """Numbers that a form is made of."""

    multiplier_bits: int
    shifts: tuple[int, int]
    """The shortest and the longest."""
    unit_bits: int
    """Constants are multiples of 2^unit_bits, ..."""
    constant_bits: int
    """... and have so many bits, the sign included."""
    sum_bits: int
    """Sums are saturated to so many bits, the sign included."""
    is_engine: bool
    """Whether an offset can be added to sums, and ties be rounded to even."""

    @property
    def largest_sum(self) -> int:
        """The largest sum that is not saturated."""
        return (1 << (self.sum_bits - 1)) - 1

    @property
    def largest_constant(self) -> int:
        """In units; the smallest one is one less than its negative."""
        return (1 << (self.constant_bits - 1)) - 1


ENGINE = Format(
    MULTIPLIER_BITS, (SHORTEST_SHIFT, LONGEST_SHIFT), UNIT_BITS, CONSTANT_BITS, SUM_BITS, True
)
CPU = Format(30, (1, 60), 0, 63, 32, False)
"""Products with sums of 32 bits, and their differences, fit 64 bits."""


@dataclass(frozen=True, eq=False)
class ChannelForms:
    """What is computed from the sums of N channels; arrays are INT64, shape (N,).

    The sum x of a channel's `offset` and a sum is saturated. v = x multiplier + c units, where c is
    `negative` for x < 0, else `positive`, is divided by 2^shift and rounded (`rounded`).
    """

    offset: np.ndarray
    """What is to be added to a channel's bias; only where all results are equal it is not 0."""
    multiplier: np.ndarray
    """From 0; of as many bits as the format says."""
    shift: np.ndarray
    """Within the format's."""
    positive: np.ndarray
    """In units."""
    negative: np.ndarray
    ties_even: bool
    """Whether results are rounded as those of FP32, of all channels."""
    exact: np.ndarray
    """Whether the form gives the result of the channel's rule for each of its sums; bool."""
    format: Format = ENGINE

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return the results for sums, INT64, shape (..., N)."""
        largest = self.format.largest_sum
        values = (sums + self.offset).clip(-largest - 1, largest)
        constant = np.where(values < 0, self.negative, self.positive)
        total = values * self.multiplier + (constant << self.format.unit_bits)
        return rounded(total, self.shift, ties_even=self.ties_even)


def rounded(values: np.ndarray, shift: np.ndarray | int, *, ties_even: bool = False) -> np.ndarray:
    """Return values divided by 2^shift and rounded to the nearest integer, INT64.

    Ties are rounded upwards. With `ties_even` quotients are rounded to FP32 first, and then ties to
    the even integer: rounding to 24 bits makes a tie of what is at most half a unit of its last bit
    away from one, and changes nothing else.

    Args:
        values: INT64.
        shift: of each value or of all, at least 1.
        ties_even: whether to round as FP32 does.
    """
    if not ties_even:
        return ((values >> (shift - 1)) + 1) >> 1
    magnitude = np.abs(values)
    whole = magnitude >> shift
    half = np.int64(1) << (np.asarray(shift, np.int64) - 1)
    distance = (magnitude & (2 * half - 1)) - half
    # floor(log2(whole)), -1 for 0: twice the number and one has one more, and is no power of two.
    exponent = np.frexp((2 * whole + 1).astype(np.float64))[1] - 2
    room = shift - _FP32_BITS + exponent
    unit = np.where(room >= 0, np.int64(1) << np.maximum(room, 0), 0)
    nearest = np.where(np.abs(distance) <= unit, whole + (whole & 1), whole + (distance > 0))
    return np.where(values < 0, -nearest, nearest)


def channel_forms(stairs: Staircases, factors: np.ndarray, of: Format = ENGINE) -> ChannelForms:
    """Return the forms of channels.

    Args:
        stairs: of the channels' rules.
        factors: about what each channel's sums are multiplied by, FP64, shape (N,); those of
            products in FP32 exactly.
        of: what forms are made of.
    """
    offset = np.zeros(len(factors), np.int64)
    if of.is_engine:
        offset, factors = _recentred(stairs, factors)
    moved = stairs.moved(offset)
    points = _Points.of(moved, of)
    starting = _starting(offset, factors, of)
    forms = _with_constants(starting, points)
    if forms.exact.all() or not of.is_engine:
        return forms
    even = replace(starting, ties_even=True, offset=np.zeros_like(offset))
    found = even.of(points.sums).clip(stairs.low, stairs.high)
    exact = points.usable & (even.multiplier < 1 << of.multiplier_bits)
    even = replace(even, offset=offset, exact=exact & (found == points.results).all(axis=0))
    return max(forms, even, key=lambda each: int(each.exact.sum()))


def _recentred(stairs: Staircases, factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return offsets and factors: 0 and the given ones, unless a channel has one result alone.

    Then the sums may lie anywhere, as by their bias, where a small factor gives that result.
    """
    first, last = (stairs.results(ends[None])[0] for ends in (stairs.lowest, stairs.highest))
    small = 2.0 ** -(1 + np.frexp((stairs.highest - stairs.lowest).astype(np.float64))[1])
    middle = (stairs.lowest + stairs.highest) >> 1
    offset = np.rint(first / small).astype(np.int64) - middle
    is_constant = first == last
    return np.where(is_constant, offset, 0), np.where(is_constant, small, factors)


def _starting(offset: np.ndarray, factors: np.ndarray, of: Format) -> ChannelForms:
    """Return forms with the nearest multipliers and without constants."""
    multiplier, shift = nearest(factors, of.shifts, of.multiplier_bits)
    none = np.zeros(len(factors), np.int64)
    return ChannelForms(
        format=of,
        offset=offset,
        multiplier=multiplier,
        shift=shift,
        positive=none,
        negative=none,
        ties_even=False,
        exact=none.astype(bool),
    )


def nearest(
    factors: np.ndarray, shifts: tuple[int, int] = ENGINE.shifts, bits: int = MULTIPLIER_BITS
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest multipliers, of as many bits as there are, and their shifts."""
    exponents = np.frexp(factors)[1]
    shift = (bits - exponents).clip(*shifts)
    multiplier = np.rint(np.ldexp(factors, shift))
    # Half of the next power of two is exact.
    carry = (multiplier == 1 << bits) & (shift > shifts[0])
    multiplier = np.where(carry, multiplier / 2, multiplier)
    return multiplier.astype(np.int64), (shift - carry).astype(np.int64)


def _with_constants(forms: ChannelForms, points: _Points) -> ChannelForms:
    """Return forms with constants where there are any, for multipliers near the given ones."""
    multiplier, exact = forms.multiplier.copy(), forms.exact.copy()
    positive, negative = forms.positive.copy(), forms.negative.copy()
    for change in _CHANGES:
        (left,) = np.nonzero(~exact)
        if not len(left):
            break
        tried = forms.multiplier[left] + change
        above, below, exist = points.of_channels(left).constants(tried, forms.shift[left])
        exist &= (tried >= 0) & (tried < 1 << forms.format.multiplier_bits)
        found = left[exist]
        multiplier[found], exact[found] = tried[exist], True
        positive[found], negative[found] = above[exist], below[exist]
    return replace(forms, multiplier=multiplier, positive=positive, negative=negative, exact=exact)


@dataclass(frozen=True, eq=False)
class _Points:
    """Sums at which a form has to have the rule's result, so that it has it for all sums.

    Between them neither the rule nor a form has a step.
    """

    sums: np.ndarray
    """INT64, shape (points, N)."""
    results: np.ndarray
    """Those of the rule, clamped."""
    limits: tuple[int, int]
    """What they are clamped to."""
    usable: np.ndarray
    """Whether a channel's sums can be saturated; bool, shape (N,)."""
    format: Format

    @classmethod
    def of(cls, stairs: Staircases, form: Format) -> _Points:
        """Return the points of staircases."""
        own = stairs.lowest[None], stairs.highest[None]
        ends = own[0].clip(-form.largest_sum - 1), own[1].clip(max=form.largest_sum)
        steps = stairs.thresholds
        zero = np.zeros_like(own[0])
        sums = np.concatenate([steps, steps - 1, zero, zero - 1]).clip(*ends)
        alike = [
            (stairs.results(one) == stairs.results(other))[0]
            for one, other in zip(ends, own, strict=True)
        ]
        limits = stairs.low, stairs.high
        return cls(sums, stairs.results(sums), limits, alike[0] & alike[1], form)

    def of_channels(self, channels: np.ndarray) -> _Points:
        """Return the points of some channels."""
        sums, results = self.sums[:, channels], self.results[:, channels]
        return _Points(sums, results, self.limits, self.usable[channels], self.format)

    def constants(
        self, multiplier: np.ndarray, shift: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return constants nearest to zero: positive, negative, and whether there are such."""
        at_least, at_most = self._bounds(multiplier, shift)
        found, exist = [], self.usable.copy()
        unit, largest = self.format.unit_bits, self.format.largest_constant
        for side in (self.sums >= 0, self.sums < 0):
            first = np.where(side, at_least, -_UNBOUND).max(axis=0)
            last = np.where(side, at_most, _UNBOUND).min(axis=0)
            # In units, within the field of the constant.
            low = np.maximum(-(-first >> unit), -largest - 1)
            high = np.minimum(last >> unit, largest)
            exist &= low <= high
            found.append(np.minimum(np.maximum(low, 0), high))
        return found[0], found[1], exist

    def _bounds(self, multiplier: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the smallest and the largest constant for each point."""
        low, high = self.limits
        start = self.sums * multiplier + (np.int64(1) << (shift - 1))
        # No product comes near the limit, beyond which results would overflow.
        limit = np.int64(1) << (61 - shift)
        reached = (self.results.clip(-limit, limit) << shift) - start
        missed = ((self.results + 1).clip(-limit, limit) << shift) - start - 1
        return (
            np.where(self.results > low, reached, -_UNBOUND),
            np.where(self.results < high, missed, _UNBOUND),
        )
