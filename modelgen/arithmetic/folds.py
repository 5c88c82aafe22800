"""Folding many FP32 values into one, in the order of the device (sw/include/heepstor/fold.hpp)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Fold = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Returns a partial result and a value, or two partial results, as one."""
_PARTIALS = 4
"""Number of partial results: the device folds every fourth value into the same one."""


def larger(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the larger operand bit for bit: `left` if they are equal, a NaN if there is one."""
    return np.where((left >= right) | np.isnan(left), left, right)


def smaller(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the smaller operand bit for bit: `left` if they are equal, a NaN if there is one."""
    return np.where((left <= right) | np.isnan(left), left, right)


def fold(
    values: np.ndarray, identity: float, include: Fold, combine: Fold | None = None
) -> np.ndarray:
    """Return the values along the first dimension folded into one.

    Args:
        values: FP32, shape (n, ...).
        identity: what partial results begin with. Including it changes no partial result.
        include: adds values to partial results.
        combine: makes one of two partial results; None: as `include`.

    Returns:
        FP32, shape (...).
    """
    combine = combine or include
    rest = values.shape[1:]
    rows = -(-len(values) // _PARTIALS)
    padded = np.full((rows * _PARTIALS, *rest), identity, np.float32)
    padded[: len(values)] = values
    partial = np.full((_PARTIALS, *rest), identity, np.float32)
    with np.errstate(all="ignore"):
        for row in padded.reshape(rows, _PARTIALS, *rest):
            partial = include(partial, row)
        return combine(combine(partial[0], partial[1]), combine(partial[2], partial[3]))


def longest_chain(n: int) -> int:
    """Return how often a value may be rounded in a sum of n values."""
    return math.ceil(n / _PARTIALS) + 2
