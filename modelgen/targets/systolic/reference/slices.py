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
from modelgen.targets.systolic.tiles import tile_columns


def count(job: Descriptor, array_size: int) -> int:
    """Return the number of slices of a position and a tile."""
    if job.operation != Operation.MATMUL:
        return job.runs_y * job.runs_x
    if job.span:
        return -(-job.run_words * job.runs_y // array_size)
    return job.runs_y * job.runs_x * -(-job.run_words // array_size)


def macs(job: Descriptor, array_size: int) -> int:
    """Return the MACs of a job, not counting padded lanes."""
    reads = job.positions * job.runs_y * job.runs_x
    if job.operation == Operation.MATMUL:
        return reads * job.run_words * min(job.channels, job.tiles * array_size)
    if job.operation == Operation.DEPTHWISE:
        return reads * min(job.run_words, job.tiles * array_size)
    return 0


def computed_columns(job: Descriptor, array_size: int) -> np.ndarray:
    """Return, for each accumulator entry, the columns that a job computes; the others mean nothing.

    A matrix product lacks the weights of columns that do not exist.
    """
    columns = [array_size] * job.tiles
    if job.operation == Operation.MATMUL:
        columns = tile_columns(job.channels, job.tiles, array_size)
    return np.repeat(columns, job.positions)


def stored_columns(job: Descriptor, array_size: int) -> np.ndarray:
    """Return, for each accumulator entry, the columns that a job stores, or may store later."""
    left = job.channels - np.arange(job.tiles) * array_size
    return np.repeat(np.clip(left, 0, array_size), job.positions)


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
        values = _gather(job, buffer, _lanes(job, array_size))
        return add_in_order(slice_dots(values, weights), totals)
    values = _gather(job, buffer, _channels(job, array_size))
    if job.operation == Operation.MAX:
        first = [] if totals is None else [totals]
        return reduce(maximum, [*first, *canonicalize(values)])
    if job.operation == Operation.DEPTHWISE:
        assert weights is not None
        lanes = (job.tiles, array_size)
        products = slice_products(
            values.reshape(*values.shape[:2], *lanes), weights.reshape(-1, 1, *lanes)
        )
        return add_in_order(products.reshape(values.shape), totals)
    return add_in_order(values, totals)


def _runs(job: Descriptor) -> np.ndarray:
    """Return the beginnings of runs, in words from the position's first; (runs_y * runs_x,)."""
    rows = np.arange(job.runs_y)[:, None] * job.run_pitch_y
    return (rows + np.arange(job.runs_x) * job.run_pitch_x).reshape(-1)


def _lanes(job: Descriptor, array_size: int) -> np.ndarray:
    """Return each lane's word relative to the position's first, -1 for none; (slices, S)."""
    runs = _runs(job)[:, None] + np.arange(job.run_words)
    if job.span:
        runs = runs.reshape(1, -1)
    padding = -runs.shape[1] % array_size
    return np.pad(runs, ((0, 0), (0, padding)), constant_values=-1).reshape(-1, array_size)


def _channels(job: Descriptor, array_size: int) -> np.ndarray:
    """Return the same as `_lanes` if lanes are channels; shape (slices, tiles * S)."""
    channels = np.arange(job.tiles * array_size)
    return np.where(channels < job.run_words, _runs(job)[:, None] + channels, -1)


def _gather(job: Descriptor, buffer: Words, words: np.ndarray) -> np.ndarray:
    """Return FP32 (slices, positions, lanes) of words (slices, lanes); zeros for lanes of -1."""
    rows = np.arange(job.position_rows)[:, None] * job.step_y
    origins = (rows + np.arange(job.position_columns) * job.step_x).reshape(-1) + job.input_base
    lanes = words[:, None, :]
    # A lane without a word reads an arbitrary existing word, which is then replaced by zero.
    values = buffer.read(origins[None, :, None] + np.where(lanes < 0, words[0, 0], lanes))
    return np.where(lanes < 0, np.float32(0.0), values)
