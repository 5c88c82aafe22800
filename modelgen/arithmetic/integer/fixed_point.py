"""Functions of fixed-point numbers: exponential and reciprocal, as gemmlowp computes them.

A number with n integer bits is an integer that stands for itself divided by 2^(31 - n). Arrays are
INT64, their values INT32. Source: gemmlowp, `fixedpoint/fixedpoint.h`.
"""

from __future__ import annotations

import math

import numpy as np

from modelgen.arithmetic.integer.rounding import high_product, shift_right

_ONE = 2**31 - 1
"""The largest fraction, which stands for 1."""
_EXPONENT_BITS = 5
"""Integer bits of the exponential's argument."""


def _fraction(value: float) -> int:
    """Return the nearest number without integer bits."""
    return round(value * 2**31)


def exponential(values: np.ndarray) -> np.ndarray:
    """Return e^x for x <= 0, without integer bits.

    Args:
        values: with 5 integer bits.
    """
    places = 31 - _EXPONENT_BITS
    quarter = 1 << (places - 2)
    remainder = (values & (quarter - 1)) - quarter
    result = _exponential_of_remainder(remainder << _EXPONENT_BITS)
    whole = remainder - values
    for power in range(-2, _EXPONENT_BITS):
        factor = _fraction(math.exp(-(2.0**power)))
        present = (whole >> (places + power)) & 1 != 0
        result = np.where(present, high_product(result, factor), result)
    return np.where(values == 0, _ONE, result)


def _exponential_of_remainder(values: np.ndarray) -> np.ndarray:
    """Return e^x for -1/4 <= x < 0: the series about -1/8; no integer bits."""
    x = values + (1 << 28)
    square = high_product(x, x)
    cube, fourth = high_product(square, x), high_product(square, square)
    third = high_product(shift_right(fourth, 2) + cube, _fraction(1 / 3))
    series = shift_right(third + square, 1)
    center = _fraction(math.exp(-1 / 8))
    return center + high_product(x + series, center)


def reciprocal(values: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + x) for 0 <= x < 1, by three steps of Newton's method; no integer bits.

    Args:
        values: without integer bits.
    """
    half = (values + _ONE + 1) // 2
    # Estimates have two integer bits.
    estimate = round(48 / 17 * 2**29) + high_product(half, round(-32 / 17 * 2**29))
    for _ in range(3):
        error = (1 << 29) - high_product(half, estimate)
        estimate = estimate + _shift_left(high_product(estimate, error), 2)
    return _shift_left(estimate, 1)


def _shift_left(values: np.ndarray, places: int) -> np.ndarray:
    return (values << places).clip(-(2**31), _ONE)
