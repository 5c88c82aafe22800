"""Which values sums of products can have."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST


def sum_ranges(
    weight: np.ndarray, zero_point: int, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and the largest sum of each channel, for any INT8 inputs, INT64.

    Args:
        weight: without its zero point, shape (N, ...).
        zero_point: of the inputs.
        bias: shape (N,).
    """
    rows = weight.astype(np.int64).reshape(len(weight), -1)
    low, high = rows * (LOWEST - zero_point), rows * (HIGHEST - zero_point)
    wide = bias.astype(np.int64)
    return (
        wide + np.minimum(low, high).sum(axis=1),
        wide + np.maximum(low, high).sum(axis=1),
    )
