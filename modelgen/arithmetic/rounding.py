"""Rounding to integers, and signs, in FP32: exact, with the canonical NaN."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.fp32 import canonicalize


def nearest(values: np.ndarray) -> np.ndarray:
    """Return the nearest integer, the even one of two."""
    with np.errstate(invalid="ignore"):
        return canonicalize(np.rint(values))


def floor(values: np.ndarray) -> np.ndarray:
    """Return the largest integer that is not above."""
    with np.errstate(invalid="ignore"):
        return canonicalize(np.floor(values))


def ceil(values: np.ndarray) -> np.ndarray:
    """Return the smallest integer that is not below."""
    with np.errstate(invalid="ignore"):
        return canonicalize(np.ceil(values))


def sign(values: np.ndarray) -> np.ndarray:
    """Return 1, -1, or 0, which is also the sign of NaN."""
    with np.errstate(invalid="ignore"):
        return np.subtract(values > 0, values < 0, dtype=np.float32)
