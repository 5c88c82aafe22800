"""The store path of INT8 jobs: from sums to bytes."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.channel_forms import SUM_BITS, rounded
from modelgen.targets.systolic.descriptor import Descriptor

_MULTIPLIER = (1 << 26) - 1
_LARGEST_SUM = (1 << (SUM_BITS - 1)) - 1
_CONSTANT_UNIT, _OPERAND_UNIT = 15, 6


def requantized(
    job: Descriptor, sums: np.ndarray, line: np.ndarray, arrays: np.ndarray
) -> np.ndarray:
    """Return sums as integers within their bounds: of the job, or before the operand is added.

    Args:
        job: a checked descriptor.
        sums: INT32, shape (..., N).
        line: INT32, the parameters of the sum with an operand; unused without one.
        arrays: INT32, shape (3, N): multipliers with shifts, biases, offsets.

    Returns:
        INT64, shape (..., N).
    """
    scale, bias, offsets = arrays
    total = sums.astype(np.int64) + bias
    values = total.clip(-_LARGEST_SUM - 1, _LARGEST_SUM)
    constant = np.where(values < 0, offsets >> 16, _low_half(offsets)).astype(np.int64)
    product = values * (scale & _MULTIPLIER) + (constant << _CONSTANT_UNIT)
    shift = 24 + ((scale >> 26) + 8) % 32
    results = rounded(product, shift.astype(np.int64), ties_even=job.ties_even)
    if not job.add_residual:
        return _clamped(results + job.zero_point, job.integer_low, job.integer_high)
    zero_point, _, low, high = _bytes_of(line)
    return _clamped(results + zero_point, low, high)


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
    first, second, offsets = (int(word) for word in line[:3])
    zero_point, operand_zero_point, _, _ = _bytes_of(line)
    total = (values - zero_point) * (first & _MULTIPLIER)
    total += (operand - operand_zero_point) * (second & _MULTIPLIER)
    below, above = offsets >> 16, int(_low_half(line[2]))
    total += np.where(total < 0, below, above) << _OPERAND_UNIT
    shift = 16 + (first >> 26) % 16
    results = rounded(total, shift) + job.zero_point
    return _clamped(results, job.integer_low, job.integer_high)


def _low_half(words: np.ndarray) -> np.ndarray:
    """Return the signed lower 16 bits of INT32."""
    return words.astype(np.int16)


def _bytes_of(line: np.ndarray) -> list[int]:
    """Return the zero points of result and operand, and the bounds before the operand is added."""
    return line[3:].view(np.int8).tolist()


def _clamped(values: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return values within bounds; if they contradict each other, the lower one decides."""
    return np.where(values < low, low, np.minimum(values, high))
