"""The rules of operators in the forms that hardware computes, channel by channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from modelgen.arithmetic.integer.channel_forms import ENGINE, ChannelForms, Format, channel_forms
from modelgen.arithmetic.integer.multiplier import FRACTION_BITS, Multiplier
from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding
from modelgen.arithmetic.integer.rounding import divide_half_away
from modelgen.arithmetic.integer.staircase import Rule, staircases
from modelgen.arithmetic.integer.sums import scaled

_LARGEST = 2**31 - 1


def requantization_forms(
    requantization: Requantization,
    constants: Mapping[str, np.ndarray],
    lowest: np.ndarray,
    highest: np.ndarray,
    of: Format = ENGINE,
) -> ChannelForms:
    """Return the forms of the channels, without zero point and clamp.

    Args:
        requantization: of the node.
        constants: the node's, with the factors of N channels.
        lowest: smallest sum of each channel, INT64, shape (N,): see `ranges`.
        highest: largest sum.
        of: what forms are made of.
    """
    rule = requantization.rounding

    def rounded(sums: np.ndarray) -> np.ndarray:
        return rule.round(sums, constants)

    limits = requantization.clamp.without(requantization.zero_point)
    factors = _factors(rule, constants, len(lowest))
    forms = channel_forms(staircases(rounded, lowest, highest, *limits, factors), factors, of)
    usable = is_monotone(rule, constants, np.maximum(-lowest, highest))
    return replace(forms, exact=forms.exact & usable)


def _factors(rule: Rounding, constants: Mapping[str, np.ndarray], channels: int) -> np.ndarray:
    if rule.uses_integers:
        fraction = constants["multiplier"].astype(np.float64)
        factors = np.ldexp(fraction, constants["shift"] - FRACTION_BITS)
    else:
        factors = constants["scale"].astype(np.float64)
    return np.broadcast_to(factors, channels)


def is_monotone(
    rule: Rounding, constants: Mapping[str, np.ndarray], largest: np.ndarray
) -> np.ndarray:
    """Return whether no sum of a channel is shifted beyond 32 bits, where results start over."""
    if rule is not Rounding.DOUBLE:
        return np.ones(len(largest), bool)
    return (largest << np.maximum(constants["shift"].astype(np.int64), 0)) <= _LARGEST


def multiplier_form(
    multiplier: Multiplier, lowest: int, highest: int, zero_point: int, clamp: Clamp
) -> ChannelForms:
    """Return the form of a product with a multiplier, such as of a mean's sum.

    Args:
        multiplier: rounded twice.
        lowest: smallest sum; with `highest`, small enough to be shifted to the left.
        highest: largest sum.
        zero_point: of the results.
        clamp: of the results.

    Returns:
        The form of one channel, which is that of all.
    """
    limits = clamp.without(zero_point)
    return _form(lambda x: scaled(x, multiplier), lowest, highest, limits, float(multiplier))


def average_form(count: int, clamp: Clamp) -> ChannelForms:
    """Return the form of an average of INT8 values: of a sum divided by their number.

    Args:
        count: of values.
        clamp: of the results.

    Returns:
        The form of one channel, which is that of all.
    """
    limits = clamp.without(0)
    lowest, highest = -128 * count, 127 * count
    return _form(lambda x: divide_half_away(x, count), lowest, highest, limits, 1 / count)


def _form(
    rule: Rule, lowest: int, highest: int, limits: tuple[int, int], factor: float
) -> ChannelForms:
    factors = np.array([factor])
    stairs = staircases(rule, np.array([lowest]), np.array([highest]), *limits, factors)
    return channel_forms(stairs, factors)
