"""Roots, reciprocals and integer powers in FP32: the device's operations in NumPy."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.fp32 import canonicalize

_ONE = np.float32(1.0)


def sqrt(values: np.ndarray) -> np.ndarray:
    """Return the square root: NaN below 0."""
    with np.errstate(all="ignore"):
        return canonicalize(np.sqrt(np.asarray(values, np.float32)))


def rsqrt(values: np.ndarray) -> np.ndarray:
    """Return 1 / sqrt(x): infinity at 0, NaN below."""
    with np.errstate(all="ignore"):
        return canonicalize(_ONE / sqrt(values))


def power(values: np.ndarray, exponent: float) -> np.ndarray:
    """Return x^exponent by repeated squaring; for a negative exponent, its reciprocal.

    Args:
        values: FP32.
        exponent: an integer, not 0.
    """
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        result = _positive_power(values, abs(int(exponent)))
        return canonicalize(_ONE / result if exponent < 0 else result)


def _positive_power(values: np.ndarray, exponent: int) -> np.ndarray:
    if exponent == 1:
        return values
    root = _positive_power(values, exponent // 2)
    return root * root * values if exponent % 2 else root * root
