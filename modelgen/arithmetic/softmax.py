"""Softmax and its logarithm in FP32: the device's operations in NumPy, in the same order."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.exponential import integer_of, power, rest_of
from modelgen.arithmetic.fp32 import canonicalize
from modelgen.arithmetic.logarithm import log

_FARTHEST = np.float32(-87.0)
"""Logits farther below the largest are not exponentiated."""
_LARGEST_LOGIT = np.float32(32768.0)
"""Logits from here on have no exact multiples of ln(2) near them."""


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the softmax of each row.

    Args:
        logits: FP32, shape (rows, classes).

    Returns:
        FP32 of the same shape. A row that contains NaN or +inf, or only -inf, is all NaN.
    """
    logits = np.asarray(logits, np.float32)
    with np.errstate(all="ignore"):
        powers, _ = _powers(logits)
        return canonicalize(powers * (np.float32(1.0) / _sums(powers)))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return the logarithm of the softmax of each row.

    Args:
        logits: FP32, shape (rows, classes).

    Returns:
        FP32 of the same shape. A row that contains NaN or +inf, or only -inf, is all NaN.
    """
    logits = np.asarray(logits, np.float32)
    with np.errstate(all="ignore"):
        powers, rest = _powers(logits)
        logarithm = log(_sums(powers)) - rest
        return canonicalize((logits - np.fmax.reduce(logits, axis=1, keepdims=True)) - logarithm)


def _powers(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return exp(logits) over some number of each row, and ln(exp(largest) / number).

    In most rows, the number is a power of two: then the exponentials need no further operation.
    """
    largest = np.fmax.reduce(logits, axis=1, keepdims=True)
    smallest = np.fmin.reduce(logits, axis=1, keepdims=True)
    is_near = (smallest - largest >= _FARTHEST) & (np.abs(largest) < _LARGEST_LOGIT)
    difference = logits - largest
    far = np.where(difference < _FARTHEST, np.float32(0.0), power(difference))
    rest = np.where(is_near, rest_of(largest), np.float32(0.0))
    return np.where(is_near, power(logits, integer_of(largest)), far), rest


def _sums(powers: np.ndarray) -> np.ndarray:
    """Return the sum of each row, added from left to right, with shape (rows, 1)."""
    total = np.zeros(len(powers), np.float32)
    for column in powers.T:
        total = total + column
    return total[:, None]
