"""The compute stage of INT8 jobs: pairs of positions, depthwise kernels, sums and maxima."""

from __future__ import annotations

import numpy as np

from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference import slices
from modelgen.targets.systolic.reference.scratchpad import Words
from modelgen.targets.systolic.tiles import depthwise_block

_GROUP = 8
"""Rows of the array whose sum tells both results of a pair apart."""
_LOWER_BITS = 18
_SIGN = 128


class Undefined(AssertionError):
    """What the engine makes of a descriptor and its data is not defined."""


def halves(job: Descriptor) -> int:
    """Return the results that are computed at once for a position: two for pairs."""
    return 2 if job.pair_rows else 1


def pair_offset(job: Descriptor) -> int:
    """Return the words from the first to the second position of a pair."""
    return job.pair_rows * job.window_rows * job.step_y


def accumulate(
    job: Descriptor,
    buffer: Words,
    weights: np.ndarray | None,
    array_size: int,
    totals: np.ndarray | None,
) -> np.ndarray:
    """Return the accumulators after a job's slices.

    Args:
        job: a checked descriptor.
        buffer: the activation buffer.
        weights: INT8, shape (slices, S, tiles * S); None if the operation has none.
        array_size: S.
        totals: INT32, shape (halves, positions, tiles * S), which the slices are added to; None:
            the first slice overwrites them.

    Returns:
        INT32, shape (halves, positions, tiles * S); sums start over beyond 32 bits.

    Raises:
        Undefined: an array row without a tap has weights.
    """
    if job.operation == Operation.MAX:
        return _maxima(_channels(job, buffer, array_size), totals)
    if job.operation == Operation.SUM:
        made = _channels(job, buffer, array_size).sum(axis=1, dtype=np.int64)
    else:
        assert weights is not None
        multiply = _products if job.operation == Operation.MATMUL else _depthwise
        made = multiply(job, buffer, weights, array_size)
    return (made if totals is None else made + totals).astype(np.int32)


def _offsets(job: Descriptor) -> list[int]:
    return [0, pair_offset(job)][: halves(job)]


def _bytes(values: np.ndarray) -> np.ndarray:
    """Return the four bytes of each word, INT8, along the last axis."""
    return np.ascontiguousarray(values).view(np.int8)


def _channels(job: Descriptor, buffer: Words, array_size: int) -> np.ndarray:
    """Return the activations of all runs, INT8, shape (halves, runs, positions, tiles * S)."""
    words = slices.channels(job, array_size)
    found = [_bytes(slices.gather(job, buffer, words, offset)) for offset in _offsets(job)]
    return np.stack(found)


def _maxima(values: np.ndarray, totals: np.ndarray | None) -> np.ndarray:
    largest = values.max(axis=1)
    if totals is None:
        return largest.astype(np.int32)
    # Of earlier sums the low byte alone is compared.
    return np.where(largest > totals.astype(np.int8), largest, totals).astype(np.int32)


def _products(job: Descriptor, buffer: Words, weights: np.ndarray, array_size: int) -> np.ndarray:
    """Return sums of products as the array computes them: both of a pair in one number.

    The lower sum of a group of rows is its low 18 bits, sign-extended; what does not fit them is
    carried into the upper one.
    """
    words = slices.lanes(job, array_size)
    operands = [_bytes(slices.gather(job, buffer, words, offset)) for offset in _offsets(job)]
    shape = job.positions, weights.shape[2]
    sums = np.zeros((halves(job), *shape), np.int64)
    for first in range(0, array_size, _GROUP):
        rows = slice(first, first + _GROUP)
        # FP32 holds sums of eight products exactly.
        matrix = weights[:, rows].astype(np.float32)
        partial = [(part[..., rows].astype(np.float32) @ matrix) for part in operands]
        whole = partial[0].astype(np.int64)
        lower = _lower(whole)
        sums[0] += lower.sum(axis=0)
        if len(partial) > 1:
            carry = (whole - lower) >> _LOWER_BITS
            sums[1] += partial[1].astype(np.int64).sum(axis=0) + carry.sum(axis=0)
    return sums


def _lower(values: np.ndarray) -> np.ndarray:
    """Return the lower 18 bits as signed numbers."""
    half = 1 << (_LOWER_BITS - 1)
    return ((values + half) & (2 * half - 1)) - half


def _depthwise(job: Descriptor, buffer: Words, weights: np.ndarray, array_size: int) -> np.ndarray:
    """Return sums of products of each channel's activations, as unsigned bytes, with its taps."""
    taps = _taps(job, weights, array_size)
    words = slices.channels(job, array_size)
    values = _bytes(slices.gather(job, buffer, words)).astype(np.int64) + _SIGN
    return (values * taps[:, None]).sum(axis=0)[None]


def _taps(job: Descriptor, weights: np.ndarray, array_size: int) -> np.ndarray:
    """Return the weights of each tap, shape (kernel rows * columns, tiles * S), INT64."""
    rows, columns = depthwise_block(array_size)
    down, across = slices.blocks(job, array_size)
    used = weights[:, : rows * columns].astype(np.int64)
    kernel = used.reshape(down, across, rows, columns, -1).transpose(0, 2, 1, 3, 4)
    kernel = kernel.reshape(down * rows, across * columns, -1)
    taps = kernel[: job.runs_y, : job.runs_x]
    if np.count_nonzero(taps) != np.count_nonzero(weights):
        raise Undefined("a tap that does not exist has a weight, which must be 0")
    return taps.reshape(job.runs_y * job.runs_x, -1)
