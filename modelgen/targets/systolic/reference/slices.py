"""The compute stage: how words of the activation buffer form slices, and their sums."""

from __future__ import annotations

from functools import reduce

import numpy as np

from modelgen.arithmetic.fp32 import (
    add_in_order,
    canonicalize,
    maximum,
    slice_dots,
    slice_products,
)
from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference.scratchpad import Words
from modelgen.targets.systolic.tiles import depthwise_block, tile_columns


def width(job: Descriptor, array_size: int) -> int:
    """Return the words of a slice, which has S lanes: one FP32 activation, or four INT8 ones."""
    return array_size // 4 if job.int8 else array_size


def blocks(job: Descriptor, array_size: int) -> tuple[int, int]:
    """Return the slices in y and in x of an INT8 depthwise job: kernels of a few taps."""
    rows, columns = depthwise_block(array_size)
    return -(-job.runs_y // rows), -(-job.runs_x // columns)


def count(job: Descriptor, array_size: int) -> int:
    """Return the number of slices of a position and a tile."""
    if job.operation == Operation.DEPTHWISE and job.int8:
        rows, columns = blocks(job, array_size)
        return rows * columns
    if job.operation != Operation.MATMUL:
        return job.runs_y * job.runs_x
    words = width(job, array_size)
    if job.span:
        return -(-job.run_words * job.runs_y // words)
    return job.runs_y * job.runs_x * -(-job.run_words // words)


def macs(job: Descriptor, array_size: int) -> int:
    """Return the MACs of a job, not counting padded lanes.

    A pair of positions counts twice; each lane of an INT8 depthwise slice has all its taps.
    """
    reads = job.positions * job.runs_y * job.runs_x
    channels = job.tiles * array_size
    lanes = job.run_words * (4 if job.int8 else 1)
    if job.operation == Operation.MATMUL:
        return reads * lanes * min(job.channels, channels) * (2 if job.pair_rows else 1)
    if job.operation == Operation.DEPTHWISE and job.int8:
        rows, columns = depthwise_block(array_size)
        taps = count(job, array_size) * rows * columns
        return job.positions * taps * min(lanes, channels)
    if job.operation == Operation.DEPTHWISE:
        return reads * min(lanes, channels)
    return 0


def computed_columns(job: Descriptor, array_size: int) -> np.ndarray:
    """Return, for each accumulator entry, the columns that a job computes; the others mean nothing.

    A matrix product lacks the weights of columns that do not exist, an INT8 depthwise job also the
    activations of channels that do not.
    """
    columns = np.full(job.tiles, array_size)
    is_depthwise = job.operation == Operation.DEPTHWISE and job.int8
    if job.operation == Operation.MATMUL or is_depthwise:
        columns = np.array(tile_columns(job.channels, job.tiles, array_size))
    if is_depthwise:
        left = 4 * job.run_words - np.arange(job.tiles) * array_size
        columns = np.minimum(columns, left.clip(0))
    return np.repeat(columns, job.positions)


def stored_columns(job: Descriptor, array_size: int) -> np.ndarray:
    """Return, for each accumulator entry, the columns that a job stores, or may store later."""
    left = job.channels - np.arange(job.tiles) * array_size
    return np.repeat(np.clip(left, 0, array_size), job.positions)


def stored_words(job: Descriptor, array_size: int) -> int:
    """Return the words of a stored position."""
    channels = min(job.channels, job.tiles * array_size)
    return -(-channels // 4) if job.int8 else channels


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
        weights: INT8, shape (slices, S, tiles * S); (slices, tiles * S) if each channel has its
            own; None if the operation has none.
        array_size: S.
        totals: FP32, shape (positions, tiles * S), which the slices are added to; None: the first
            slice overwrites them.

    Returns:
        FP32, shape (positions, tiles * S).
    """
    if job.operation == Operation.MATMUL:
        assert weights is not None
        values = gather(job, buffer, lanes(job, array_size))
        return add_in_order(slice_dots(values, weights), totals)
    values = gather(job, buffer, channels(job, array_size))
    if job.operation == Operation.MAX:
        first = [] if totals is None else [totals]
        return reduce(maximum, [*first, *canonicalize(values)])
    if job.operation == Operation.DEPTHWISE:
        assert weights is not None
        shape = (job.tiles, array_size)
        products = slice_products(
            values.reshape(*values.shape[:2], *shape), weights.reshape(-1, 1, *shape)
        )
        return add_in_order(products.reshape(values.shape), totals)
    return add_in_order(values, totals)


def _runs(job: Descriptor) -> np.ndarray:
    """Return the beginnings of runs, in words from the position's first; (runs_y * runs_x,)."""
    rows = np.arange(job.runs_y)[:, None] * job.run_pitch_y
    return (rows + np.arange(job.runs_x) * job.run_pitch_x).reshape(-1)


def lanes(job: Descriptor, array_size: int) -> np.ndarray:
    """Return each word of each slice relative to the position's first, -1 for none.

    Shape (slices, S), of INT8 (slices, S / 4).
    """
    size = width(job, array_size)
    runs = _runs(job)[:, None] + np.arange(job.run_words)
    if job.span:
        runs = runs.reshape(1, -1)
    padding = -runs.shape[1] % size
    return np.pad(runs, ((0, 0), (0, padding)), constant_values=-1).reshape(-1, size)


def channels(job: Descriptor, array_size: int) -> np.ndarray:
    """Return the same as `lanes` of the runs, of all tiles, if lanes are channels."""
    words = np.arange(job.tiles * width(job, array_size))
    return np.where(words < job.run_words, _runs(job)[:, None] + words, -1)


def gather(job: Descriptor, buffer: Words, words: np.ndarray, offset: int = 0) -> np.ndarray:
    """Return FP32 (slices, positions, lanes) of words (slices, lanes); zeros for lanes of -1.

    Args:
        job: a checked descriptor.
        buffer: the activation buffer.
        words: as `lanes` and `channels` return them.
        offset: words from the first position to the one that is read for it.
    """
    rows = np.arange(job.position_rows)[:, None] * job.step_y
    origins = (rows + np.arange(job.position_columns) * job.step_x).reshape(-1) + job.input_base
    places = words[:, None, :]
    # A lane without a word reads an arbitrary existing word, which is then replaced by zero.
    existing = np.where(places < 0, words[0, 0], places)
    values = buffer.read(origins[None, :, None] + offset + existing)
    return np.where(places < 0, np.float32(0.0), values)
