"""Softmax and sigmoid in FP32: the same operations as the device code (sw/), in the same order."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.fp32 import CANONICAL_NAN, Values

_SMALLEST_ARGUMENT = np.float32(-87.0)
"""exp() of anything smaller is flushed to zero; of anything larger, it is a normal number."""
_LOG2_E = np.float32(float.fromhex("0x1.715476p+0"))
_MINUS_LN_2 = np.float32(float.fromhex("-0x1.62e430p-1"))
_ROUND_TO_INTEGER = np.float32(1.5 * 2**23)
"""Adding this leaves the nearest integer in the low bits of the mantissa."""
_POLYNOMIAL = [
    np.float32(float.fromhex(digits))
    for digits in (
        "0x1.106252p-7",
        "0x1.572a64p-5",
        "0x1.5557b0p-3",
        "0x1.fffdfcp-2",
        "0x1p+0",
        "0x1p+0",
    )
]
"""Coefficients of exp(r) for |r| <= ln(2) / 2, highest power first."""


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


def exp(arguments: np.ndarray) -> np.ndarray:
    """Return exp() of FP32 values that are at most 0, by the device's polynomial; NaN stays NaN."""
    power = fma(arguments, _LOG2_E, _ROUND_TO_INTEGER)
    rest = fma(power - _ROUND_TO_INTEGER, _MINUS_LN_2, arguments)
    value = np.broadcast_to(_POLYNOMIAL[0], rest.shape)
    for coefficient in _POLYNOMIAL[1:]:
        value = fma(value, rest, coefficient)
    scaled = (value.view(np.uint32) + (power.view(np.uint32) << np.uint32(23))).view(np.float32)
    return np.where(arguments < _SMALLEST_ARGUMENT, np.float32(0.0), scaled)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the softmax of each row.

    Args:
        logits: FP32, shape (rows, classes).

    Returns:
        FP32 of the same shape. A row that contains NaN or +inf, or only -inf, is all NaN.
    """
    logits = np.asarray(logits, np.float32)
    with np.errstate(all="ignore"):
        powers = exp(logits - np.fmax.reduce(logits, axis=1, keepdims=True))
        total = np.zeros(len(logits), np.float32)
        for column in powers.T:
            total = total + column
        result = powers * (np.float32(1.0) / total)[:, None]
    result[np.isnan(total)] = CANONICAL_NAN
    return result


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)) of FP32 values, 0 below -87; NaN becomes the canonical NaN."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        power = exp(-np.abs(values))
        result = np.where(values < 0, power, np.float32(1.0)) / (np.float32(1.0) + power)
    return np.where(np.isnan(values), CANONICAL_NAN, result)
