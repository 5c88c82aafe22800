"""Rules of rounding as the engine and the CPU compute them: multiply, add a constant, shift.

Whatever a runtime does to a sum, the result is a staircase. A straight line, rounded, follows it if
it passes between the last sum of each step and the first one of the next. Hardware has a multiplier
of 26 to 32 bits and two constants, one for each sign of the product. The constants are found from
the rule's own results on both sides of each step, so that an exact form gives the rule's result for
each sum that its channel can have.

A product that is rounded to FP32 before it is rounded to an integer makes ties of sums near them,
which no line follows. Hardware can round like that, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from modelgen.arithmetic.integer.staircase import Staircases

MULTIPLIER_BITS = 32
LEAST_MULTIPLIER_BITS = 26
"""Of factors from 2^-26 on, as there are not all shifts."""
SHIFTS = (30, 37, 44, 51)
UNIT_BITS = 16
"""Constants are multiples of 2^16."""
CONSTANTS = (-(1 << 14), 3 * (1 << 14) - 1)
"""The smallest and the largest of products that are not negative, in 16 bits."""
SUM_BITS = 27
"""Sums of more bits, the sign included, become the bound on their side."""
BEYOND = 1 << 20
"""Magnitude of their results, before they are limited."""

_CHANGES = tuple(
    sign * change
    for change in (0, 1, 2, 3, 5, 8, 16, 24, 32, 48, 64, 128)
    for sign in ((1, -1) if change else (1,))
)
"""What is added to the upper 29 bits of the nearest multiplier in turn, until there are constants
for it."""
_CHANGED_BITS = 29
_UNBOUND = 1 << 62
_FP32_BITS = 24
_RESULT_BITS = 8
"""Results of more bits are limited in any case."""


@dataclass(frozen=True)
class Format:
    """Numbers that a form is made of."""

    multiplier_bits: int
    shifts: tuple[int, ...]
    """In order."""
    unit_bits: int
    """Constants are multiples of 2^unit_bits, ..."""
    constants: tuple[int, int]
    """The smallest and the largest, in units, of products that are not negative; each is one less
    than the other's negative for negative products."""
    sum_bits: int
    """Sums of more bits, the sign included, become the bound on their side."""
    is_engine: bool
    """Whether an offset can be added to sums, and ties be rounded to even."""

    @property
    def largest_sum(self) -> int:
        """The largest sum that is multiplied."""
        return (1 << (self.sum_bits - 1)) - 1

    @property
    def sides(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The ranges of constants: of products that are not negative, and of others."""
        return self.constants, mirrored(self.constants)


def mirrored(constants: tuple[int, int]) -> tuple[int, int]:
    """Return the range of constants of negative products."""
    return -constants[1] - 1, -constants[0] - 1


ENGINE = Format(MULTIPLIER_BITS, SHIFTS, UNIT_BITS, CONSTANTS, SUM_BITS, True)
CPU = Format(30, tuple(range(1, 61)), 0, (-(1 << 62), (1 << 62) - 1), 32, False)
"""Products with sums of 32 bits, and their differences, fit 64 bits."""


@dataclass(frozen=True, eq=False)
class ChannelForms:
    """What is computed from the sums of N channels; arrays are INT64, shape (N,).

    x is the sum of a channel's `offset` and a sum, and v = x multiplier. v + c units, where c is
    `negative` for v < 0, else `positive`, is divided by 2^shift and rounded (`rounded`).
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
        values = sums + self.offset
        products = values * self.multiplier
        constant = np.where(products < 0, self.negative, self.positive)
        total = products + (constant << self.format.unit_bits)
        results = rounded(total, self.shift, ties_even=self.ties_even)
        return within(values, self.format.sum_bits, results)


def within(values: np.ndarray, bits: int, results: np.ndarray) -> np.ndarray:
    """Return results, or BEYOND with the value's sign where a value has more than so many bits."""
    limit = 1 << (bits - 1)
    beyond = (values < -limit) | (values >= limit)
    return np.where(beyond, np.where(values < 0, -BEYOND, BEYOND), results)


def rounded(values: np.ndarray, shift: np.ndarray | int, *, ties_even: bool = False) -> np.ndarray:
    """Return values divided by 2^shift and rounded to the nearest integer, INT64.

    Ties are rounded upwards. With `ties_even` quotients are rounded to FP32 first, and then ties to
    the even integer: rounding to 24 bits makes a tie of what is less than half a unit of its last
    bit away from one, and changes nothing else. At exactly half a unit hardware takes for a tie
    what is below it, not what is above.

    Args:
        values: INT64.
        shift: of each value or of all, at least 1; with `ties_even` at least 25.
        ties_even: whether to round as FP32 does.
    """
    if not ties_even:
        return ((values >> (shift - 1)) + 1) >> 1
    whole = values >> shift
    half = np.int64(1) << (np.asarray(shift, np.int64) - 1)
    distance = (values & (2 * half - 1)) - half
    # floor(log2(magnitude)), -1 for 0: twice the number and one has one more, and is no power of 2.
    magnitude = (whole ^ (whole >> 63)).clip(max=(1 << _RESULT_BITS) - 1)
    exponent = np.frexp((2 * magnitude + 1).astype(np.float64))[1] - 2
    unit = np.int64(1) << (shift - _FP32_BITS + exponent)
    is_tie = (-unit <= distance) & (distance < unit)
    return whole + np.where(is_tie, whole & 1, distance >= 0)


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
    factors: np.ndarray, shifts: tuple[int, ...] = ENGINE.shifts, bits: int = MULTIPLIER_BITS
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest multipliers, of as many bits as there are, and their shifts."""
    allowed = np.array(shifts)
    # Those that are rounded to the next power of two have a bit more.
    exponents = np.frexp(factors * (1 + 2.0 ** -(bits + 1)))[1]
    place = np.searchsorted(allowed, bits - exponents, side="right") - 1
    shift = allowed[place.clip(0)]
    return np.rint(np.ldexp(factors, shift)).astype(np.int64), shift


def _with_constants(forms: ChannelForms, points: _Points) -> ChannelForms:
    """Return forms with constants where there are any, for multipliers near the given ones."""
    multiplier, exact = forms.multiplier.copy(), forms.exact.copy()
    positive, negative = forms.positive.copy(), forms.negative.copy()
    for change in _CHANGES:
        (left,) = np.nonzero(~exact)
        if not len(left):
            break
        tried = forms.multiplier[left]
        tried = tried + (change << (_bits(tried) - _CHANGED_BITS).clip(0))
        above, below, exist = points.of_channels(left).constants(tried, forms.shift[left])
        exist &= (tried >= 0) & (tried < 1 << forms.format.multiplier_bits)
        found = left[exist]
        multiplier[found], exact[found] = tried[exist], True
        positive[found], negative[found] = above[exist], below[exist]
    return replace(forms, multiplier=multiplier, positive=positive, negative=negative, exact=exact)


def _bits(integers: np.ndarray) -> np.ndarray:
    """Return how many bits integers have that are not negative."""
    return np.frexp(integers.astype(np.float64))[1].astype(np.int64)


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
    """Whether sums beyond the format's have a bound as their result; bool, shape (N,)."""
    format: Format

    @classmethod
    def of(cls, stairs: Staircases, form: Format) -> _Points:
        """Return the points of staircases."""
        first, last = -form.largest_sum - 1, form.largest_sum
        steps = stairs.thresholds
        zero = np.zeros_like(stairs.lowest[None])
        sums = np.concatenate([steps, steps - 1, zero, zero - 1])
        sums = sums.clip(stairs.lowest.clip(first), stairs.highest.clip(max=last))
        before, behind = stairs.lowest.clip(first - 1), stairs.highest.clip(max=last + 1)
        usable = (before >= first) | (stairs.results(before[None])[0] == stairs.low)
        usable &= (behind <= last) | (stairs.results(behind[None])[0] == stairs.high)
        limits = stairs.low, stairs.high
        return cls(sums, stairs.results(sums), limits, usable, form)

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
        unit = self.format.unit_bits
        products = self.sums * multiplier
        for side, limits in zip((products >= 0, products < 0), self.format.sides, strict=True):
            first = np.where(side, at_least, -_UNBOUND).max(axis=0)
            last = np.where(side, at_most, _UNBOUND).min(axis=0)
            # In units, within the field of the constant.
            low = np.maximum(-(-first >> unit), limits[0])
            high = np.minimum(last >> unit, limits[1])
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
