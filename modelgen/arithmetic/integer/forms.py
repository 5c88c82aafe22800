"""The rules of operators in the forms that hardware computes, channel by channel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from modelgen.arithmetic.integer.multiplier import FRACTION_BITS, Multiplier
from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding
from modelgen.arithmetic.integer.rounding import divide_half_away
from modelgen.arithmetic.integer.shift_form import ShiftForm, shift_form
from modelgen.arithmetic.integer.staircase import Rule, staircases
from modelgen.arithmetic.integer.sums import scaled

_LARGEST = 2**31 - 1


def requantization_forms(
    requantization: Requantization,
    constants: Mapping[str, np.ndarray],
    lowest: np.ndarray,
    highest: np.ndarray,
    bits: int = 31,
) -> list[ShiftForm | None]:
    """Return the form of each channel, without zero point and clamp; None where there is none.

    Args:
        requantization: of the node.
        constants: the node's, with the factors of N channels.
        lowest: smallest sum of each channel, INT64, shape (N,): see `ranges`.
        highest: largest sum.
        bits: the most that a multiplier may have.
    """
    rule = requantization.rounding

    def rounded(sums: np.ndarray) -> np.ndarray:
        return rule.round(sums, constants)

    limits = requantization.clamp.without(requantization.zero_point)
    factors = _factors(rule, constants, len(lowest))
    usable = is_monotone(rule, constants, np.maximum(-lowest, highest))
    stairs = staircases(rounded, lowest, highest, *limits)
    return [
        shift_form(each, factor, bits) if is_usable else None
        for each, factor, is_usable in zip(stairs, factors, usable, strict=True)
    ]


def _factors(rule: Rounding, constants: Mapping[str, np.ndarray], channels: int) -> list[float]:
    if rule.uses_integers:
        fraction = constants["multiplier"].astype(np.float64)
        factors = np.ldexp(fraction, constants["shift"] - FRACTION_BITS)
    else:
        factors = constants["scale"].astype(np.float64)
    return np.broadcast_to(factors, channels).tolist()


def is_monotone(
    rule: Rounding, constants: Mapping[str, np.ndarray], largest: np.ndarray
) -> np.ndarray:
    """Return whether no sum of a channel is shifted beyond 32 bits, where results start over."""
    if rule is not Rounding.DOUBLE:
        return np.ones(len(largest), bool)
    return (largest << np.maximum(constants["shift"].astype(np.int64), 0)) <= _LARGEST


def multiplier_form(
    multiplier: Multiplier, lowest: int, highest: int, zero_point: int, clamp: Clamp
) -> ShiftForm | None:
    """Return the form of a product with a multiplier, such as of a mean's sum.

    Args:
        multiplier: rounded twice.
        lowest: smallest sum; with `highest`, small enough to be shifted to the left.
        highest: largest sum.
        zero_point: of the results.
        clamp: of the results.
    """
    limits = clamp.without(zero_point)
    return _form(lambda x: scaled(x, multiplier), lowest, highest, limits, float(multiplier))


def average_form(count: int, clamp: Clamp) -> ShiftForm | None:
    """Return the form of an average of INT8 values: of a sum divided by their number.

    Args:
        count: of values.
        clamp: of the results.
    """
    limits = clamp.without(0)
    lowest, highest = -128 * count, 127 * count
    return _form(lambda x: divide_half_away(x, count), lowest, highest, limits, 1 / count)


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


def rounded_once(multiplier: int, shift: int) -> ShiftForm:
    """Return the form of `rounding.round_single`; shifts are at most 30."""
    places = FRACTION_BITS - shift
    return ShiftForm(multiplier, places, 1 << (places - 1), 1 << (places - 1))


def _form(
    rule: Rule, lowest: int, highest: int, limits: tuple[int, int], factor: float
) -> ShiftForm | None:
    (stairs,) = staircases(rule, np.array([lowest]), np.array([highest]), *limits)
    return shift_form(stairs, factor)
