"""The store path of INT8 jobs: from sums to bytes."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.channel_forms import (
    CONSTANTS,
    SHIFTS,
    SUM_BITS,
    UNIT_BITS,
    mirrored,
    rounded,
    within,
)
from modelgen.arithmetic.integer.sum_form import FACTOR_BITS, SCALE_BITS
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.integer_parameters import BIAS_BITS

_FACTOR = (1 << FACTOR_BITS) - 1


def requantized(
    job: Descriptor, sums: np.ndarray, line: np.ndarray, arrays: np.ndarray
) -> np.ndarray:
    """Return sums as integers within their bounds: of the job, or of summands, without their zero
    point, before the operand is added.

    Args:
        job: a checked descriptor.
        sums: INT32, shape (..., N).
        line: INT32, shape (4, 4), the parameters of the sum with an operand; unused without one.
        arrays: INT32, shape (3, N): multipliers, biases with shifts, offsets.

    Returns:
        INT64, shape (..., N).
    """
    multiplier, bias, offsets = arrays
    values = sums.astype(np.int64) + _bias(bias)
    products = values * multiplier.astype(np.uint32).astype(np.int64)
    total, shift = _with_offset(products, offsets), _shift(bias)
    results = within(values, SUM_BITS, rounded(total, shift, ties_even=job.ties_even))
    if not job.add_residual:
        return _clamped(results + job.zero_point, job.integer_low, job.integer_high)
    word = line[3, 0]
    return _clamped(results, word << 9 >> 23, word >> 23)


def finished(
    job: Descriptor,
    values: np.ndarray,
    operand: np.ndarray | None,
    line: np.ndarray,
    table: np.ndarray | None,
) -> np.ndarray:
    """Return results, INT8: sums with an operand, and what a table makes of them.

    Args:
        job: a checked descriptor.
        values: what `requantized` returned, or the largest of each window of it.
        operand: INT8, of the shape of the values; None if there is none.
        line: as in `requantized`.
        table: INT8, shape (256,), by unsigned bytes; None if there is none.
    """
    if operand is not None:
        values = _with_operand(job, values, operand.astype(np.int64), line)
    if table is not None:
        values = table[values & 0xFF]
    return values.astype(np.int8)


def _with_operand(
    job: Descriptor, values: np.ndarray, operand: np.ndarray, line: np.ndarray
) -> np.ndarray:
    multiplier, bias, offsets, word = line[:, 0]
    factor = _bias(bias)
    products = values * factor + (operand - word.astype(np.int8)) * (multiplier & _FACTOR)
    total = _with_offset(products << SCALE_BITS, offsets)
    results = within(factor, SUM_BITS, rounded(total, _shift(bias)))
    return _clamped(results + job.zero_point, job.integer_low, job.integer_high)


def _bias(words: np.ndarray) -> np.ndarray:
    """Return the biases of words, INT64."""
    above = 32 - BIAS_BITS
    return (words << above >> above).astype(np.int64)


def _shift(words: np.ndarray) -> np.ndarray:
    """Return the shifts above biases, INT64."""
    return np.array(SHIFTS)[(words >> BIAS_BITS) & (len(SHIFTS) - 1)]


def _with_offset(products: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return products, INT64, with the offset of their sign: the upper half of words below zero."""
    below, above = _in_range(offsets >> 16, mirrored(CONSTANTS)), _in_range(offsets, CONSTANTS)
    return products + (np.where(products < 0, below, above) << UNIT_BITS)


def _in_range(words: np.ndarray, limits: tuple[int, int]) -> np.ndarray:
    """Return the integers of a range that words have in their lower 16 bits, INT64."""
    return ((words.astype(np.int64) - limits[0]) & 0xFFFF) + limits[0]


def _clamped(values: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return values within bounds; if they contradict each other, the lower one decides."""
    return np.where(values < low, low, np.minimum(values, high))
