"""How products with a factor are rounded to integers: the rules of LiteRT and ONNX Runtime.

All functions take integers of up to 32 bits in arrays of INT64, and return such.
"""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.multiplier import FRACTION_BITS

_HALF = 1 << (FRACTION_BITS - 1)


def high_product(first: np.ndarray, second: np.ndarray | int, bits: int = 32) -> np.ndarray:
    """Return the product of two fractions, rounded to the nearest fraction; ties away from zero
    if it is positive, towards zero if it is negative; the largest fraction for (-1) (-1).

    Args:
        first: fractions: integers that stand for themselves divided by 2^(bits - 1).
        second: the same.
        bits: of a fraction, its sign included.
    """
    product = first * np.int64(second)
    half = 1 << (bits - 2)
    up = (product + half) >> (bits - 1)
    down = -((half - 1 - product) >> (bits - 1))
    return np.minimum(np.where(product >= 0, up, down), 2 ** (bits - 1) - 1)


def shift_right(values: np.ndarray, places: np.ndarray | int) -> np.ndarray:
    """Return values divided by 2^places, rounded to the nearest integer, ties away from zero."""
    half = (np.int64(1) << places) >> 1
    return np.sign(values) * ((np.abs(values) + half) >> places)


def round_double(values: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return products with multipliers, rounded twice: to a fraction, then to an integer.

    Where `shift` is positive, values are shifted to the left first, modulo 2^32.

    Args:
        values: INT64, shape (..., N).
        multiplier: `Multiplier.value` of each column or of all.
        shift: `Multiplier.shift`.
    """
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    wrapped = (values << left).astype(np.int32).astype(np.int64)
    return shift_right(high_product(wrapped, multiplier), right)


def round_single(values: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return products with multipliers, rounded once, ties upwards; arguments of `round_double`,
    with shifts of at most 30."""
    places = FRACTION_BITS - shift
    return (values * multiplier + (np.int64(1) << (places - 1))) >> places


def round_half_away(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return products with factors in FP64, rounded to the nearest integer, ties away from zero.

    Args:
        values: INT64, shape (..., N).
        scale: FP64, of each column or of all.
    """
    return nearest_away(values.astype(np.float64) * scale).astype(np.int64)


def round_half_even(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return FP32 products of values, rounded to FP32, with factors, rounded to the nearest
    integer, ties to even.

    Args:
        values: INT64, shape (..., N).
        scale: FP32, of each column or of all.
    """
    return np.rint(values.astype(np.float32) * scale.astype(np.float32)).astype(np.int64)


def nearest_away(values: np.ndarray) -> np.ndarray:
    """Return the nearest integer of each floating-point number, ties away from zero."""
    whole = np.trunc(values)
    # The difference is exact; adding a half first would round.
    return np.where(np.abs(values - whole) >= 0.5, whole + np.sign(values), whole)


def divide_half_away(values: np.ndarray, divisor: np.ndarray | int) -> np.ndarray:
    """Return quotients, rounded to the nearest integer, ties away from zero.

    Args:
        values: INT64.
        divisor: positive integers.
    """
    return np.sign(values) * ((np.abs(values) + divisor // 2) // divisor)
