"""Single FP32 operations as the device's CPU (RISC-V, extension F) computes them.

Every NaN that its arithmetic returns is `CANONICAL_NAN`; NumPy's may differ. Functions that do not
say otherwise therefore leave the handling of NaN to their callers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelgen.arithmetic.fp32 import CANONICAL_NAN, Values


def fma(left: Values, right: Values, addend: Values) -> np.ndarray:
    """Return FP32 `left * right + addend`, rounded once.

    The product is exact in float64; the sum is rounded there to odd, so that rounding it again to
    FP32 equals rounding once (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums:
    proved algorithms using rounding to odd").
    """
    product = np.asarray(left, np.float64) * np.asarray(right, np.float64)
    addend = np.asarray(addend, np.float64)
    total = np.asarray(product + addend)
    part = total - product
    error = (product - (total - part)) + (addend - part)
    bits = total.view(np.int64)
    odd = bits + np.where((error > 0) == (total > 0), 1, -1)
    inexact = np.isfinite(total) & (error != 0) & (bits % 2 == 0)
    return np.where(inexact, odd, bits).view(np.float64).astype(np.float32)


def larger(left: Values, right: Values) -> np.ndarray:
    """Return the larger of two numbers, +0 of two zeros; the other one if one is NaN."""
    both_zero = (np.asarray(left) == 0) & (np.asarray(right) == 0)
    return np.where(both_zero, np.add(left, right), np.fmax(left, right)).astype(np.float32)


def smaller(left: Values, right: Values) -> np.ndarray:
    """Return the smaller of two numbers, -0 of two zeros; the other one if one is NaN."""
    return -larger(np.negative(left), np.negative(right))


def horner(coefficients: Sequence[np.float32], variable: np.ndarray) -> np.ndarray:
    """Return the polynomial with these coefficients, highest power first, one fma for each."""
    value = np.broadcast_to(coefficients[0], variable.shape)
    for coefficient in coefficients[1:]:
        value = fma(value, variable, coefficient)
    return value


def constants(*digits: str) -> tuple[np.float32, ...]:
    """Return FP32 numbers from their hexadecimal digits."""
    return tuple(np.float32(float.fromhex(text)) for text in digits)


def with_limits(values: np.ndarray, result: np.ndarray, below: float, above: float) -> np.ndarray:
    """Return `result` with what belongs to infinities and NaNs among the function's arguments.

    Args:
        values: arguments of the function.
        result: its values for finite arguments.
        below: its value at -infinity.
        above: its value at +infinity.
    """
    result = np.where(values == -np.inf, np.float32(below), result)
    result = np.where(values == np.inf, np.float32(above), result)
    return np.where(np.isnan(values) | np.isnan(result), CANONICAL_NAN, result)
