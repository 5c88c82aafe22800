"""What the engine reads from main memory for a job: weights and parameters of its tiles."""

from __future__ import annotations

import numpy as np

from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference import slices
from modelgen.targets.systolic.reference.memory import Memory
from modelgen.targets.systolic.tiles import (
    LINE_BYTES,
    SUM_LINES,
    WORD_BYTES,
    diagonal_bytes,
    parameter_words,
    tile_columns,
    weight_bytes,
)

_INTEGER_ARRAYS = 3


def weights(job: Descriptor, memory: Memory, array_size: int) -> np.ndarray | None:
    """Return the weights of a job, INT8; None if the operation has none.

    Shape (slices, S, tiles * S), or (slices, tiles * S) for an FP32 depthwise job.
    """
    bits = 4 if job.int4_weights else 8
    count = slices.count(job, array_size)
    if job.operation not in (Operation.MATMUL, Operation.DEPTHWISE):
        return None
    if job.operation == Operation.DEPTHWISE and not job.int8:
        sizes = [diagonal_bytes(array_size)] * job.tiles
        tiles = _tiles(job, memory, sizes, count, array_size)
        return tiles.reshape(count, -1)
    columns = tile_columns(job.channels, job.tiles, array_size)
    sizes = [weight_bytes(tile, array_size, bits) for tile in columns]
    tiles = _tiles(job, memory, sizes, count, array_size**2)
    made = tiles.reshape(count, job.tiles * array_size, array_size)
    # The end of the last line belongs to no column.
    made[:, sum(columns) :] = 0
    return made.transpose(0, 2, 1)


def _tiles(job: Descriptor, memory: Memory, sizes: list[int], count: int, used: int) -> np.ndarray:
    """Return the first weights of each tile of each slice, shape (slices, tiles, used).

    Args:
        job: a checked descriptor.
        memory: where the stream is.
        sizes: bytes of each tile in memory; all but the last one have the same.
        count: slices.
        used: weights of a whole tile; those that are not in memory are 0.
    """
    stream = memory.read(job.weights, count * sum(sizes), "i1", LINE_BYTES)
    by_slice = stream.reshape(count, -1)
    if job.int4_weights:
        by_slice = np.stack([by_slice << 4 >> 4, by_slice >> 4], axis=-1).reshape(count, -1)
    length = by_slice.shape[1] * sizes[0] // sum(sizes)
    padded = np.pad(by_slice, ((0, 0), (0, job.tiles * length - by_slice.shape[1])))
    tiles = padded.reshape(count, job.tiles, length)
    return np.pad(tiles, ((0, 0), (0, 0), (0, max(used - length, 0))))[:, :, :used]


def scales(job: Descriptor, memory: Memory, array_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scale and bias of each channel of the tiles that is in memory, FP32."""
    columns = tile_columns(job.channels, job.tiles, array_size)
    words = [parameter_words(tile) for tile in columns]
    if job.scales_only:
        # Words behind the last column are read and have no effect.
        memory.check(job.parameters, sum(words) * WORD_BYTES)
        found = memory.read_map(job.parameters, (1, 1, min(sum(columns), job.channels)), 0, 0)
        return found.reshape(-1), np.full(found.size, -0.0, np.float32)
    values = memory.read(job.parameters, 2 * sum(words))
    parts = np.split(values, np.cumsum(np.repeat(words, 2))[:-1])
    return np.concatenate(parts[::2]), np.concatenate(parts[1::2])


def integer_parameters(
    job: Descriptor, memory: Memory, array_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the parameters of an INT8 job: words of INT32.

    Returns:
        Those of the sum with an operand, line by line, shape (4, 4), or (0, 4) without one;
        multipliers with shifts, biases and offsets of the channels of the tiles that are in memory,
        shape (3, channels).
    """
    words = [parameter_words(tile) for tile in tile_columns(job.channels, job.tiles, array_size)]
    front = SUM_LINES * LINE_BYTES // WORD_BYTES * job.add_residual
    values = memory.read(job.parameters, front + _INTEGER_ARRAYS * sum(words), "<i4")
    parts = np.split(values[front:], np.cumsum(np.repeat(words, _INTEGER_ARRAYS))[:-1])
    arrays = [np.concatenate(parts[index::_INTEGER_ARRAYS]) for index in range(_INTEGER_ARRAYS)]
    lines = values[:front].reshape(-1, LINE_BYTES // WORD_BYTES)
    if (lines != lines[:, :1]).any():
        raise AssertionError("words of a line of the sum's parameters differ, which must be equal")
    return lines, np.stack(arrays)
