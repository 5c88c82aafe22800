"""Constants in the engine's format: weight streams, and blocks of scales and biases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from modelgen.targets.systolic.jobs import Job
from modelgen.targets.systolic.scratchpad.layout import ceil_div
from modelgen.targets.systolic.tiles import (
    depthwise_block,
    diagonal_bytes,
    parameter_words,
    tile_columns,
    weight_bytes,
)
from modelgen.targets.systolic.tiling.cut import Stream


def weight_stream(weight: np.ndarray, stream: Stream, array_size: int, bits: int = 8) -> bytes:
    """Return blocks, slice by slice and tile by tile: weight c * S + r is W[input r][output c].

    Args:
        weight: INT8, shape (N, K), K in the order of the stream's indices.
        stream: the slices and tiles to include.
        array_size: S.
        bits: of a weight: 8, or 4 if all weights fit.
    """
    size = array_size
    first = stream.first_tile * size
    columns = weight[first : first + stream.tiles * size]
    block = np.zeros((len(stream.slices), stream.tiles * size, size), np.int8)
    for index, words in enumerate(stream.slices):
        block[index, : len(columns), : len(words)] = columns[:, words]
    counts = tile_columns(len(columns), stream.tiles, size)
    sizes = [weight_bytes(count, size, bits) for count in counts]
    return _stored(block.reshape(len(block), stream.tiles, -1), sizes, bits)


def _stored(tiles: np.ndarray, sizes: list[int], bits: int = 8) -> bytes:
    """Return tiles one after another, slice by slice.

    Args:
        tiles: INT8, shape (slices, tiles, weights of a tile).
        sizes: bytes of each tile in memory, without columns that do not exist.
        bits: of a weight; of two in a byte the first one is the lower half.
    """
    if bits == 4:
        tiles = tiles[..., 0::2] & 15 | tiles[..., 1::2] << 4
    behind = max(max(sizes) - tiles.shape[-1], 0)
    whole = np.pad(tiles, ((0, 0), (0, 0), (0, behind)))
    parts = [whole[:, index, :size] for index, size in enumerate(sizes)]
    return np.concatenate(parts, axis=1).tobytes()


def depthwise_stream(weight: np.ndarray, stream: Stream, array_size: int) -> bytes:
    """Return blocks, tap by tap and tile by tile: one weight per channel, padded to whole lines.

    Args:
        weight: INT8, shape (channels, kernel rows, kernel columns).
        stream: the taps and tiles to include.
        array_size: S.
    """
    first = stream.first_tile * array_size
    taps = weight[first : first + stream.tiles * array_size][
        :, stream.chunk.y.start : stream.chunk.y.stop, stream.chunk.x.start : stream.chunk.x.stop
    ]
    lanes = np.zeros((taps.shape[1] * taps.shape[2], stream.tiles * array_size), np.int8)
    lanes[:, : len(taps)] = taps.reshape(len(taps), -1).T
    sizes = [diagonal_bytes(array_size)] * stream.tiles
    return _stored(lanes.reshape(len(lanes), stream.tiles, array_size), sizes)


def rows_stream(weight: np.ndarray, stream: Stream, array_size: int, bits: int = 8) -> bytes:
    """Return blocks of taps of an INT8 depthwise layer, block by block and tile by tile.

    Weight c * S + r of a tile is that of channel c for the tap in row r of the array.

    Args:
        weight: INT8, shape (channels, kernel rows, kernel columns).
        stream: the taps and tiles to include.
        array_size: S.
        bits: of a weight: 8, or 4 if all weights fit.
    """
    rows, columns = depthwise_block(array_size)
    first = stream.first_tile * array_size
    taps = weight[first : first + stream.tiles * array_size][
        :, stream.chunk.y.start : stream.chunk.y.stop, stream.chunk.x.start : stream.chunk.x.stop
    ]
    channels, kernel_rows, kernel_columns = taps.shape
    padding = (0, 0), (0, -kernel_rows % rows), (0, -kernel_columns % columns)
    blocks = np.pad(taps, padding).reshape(
        channels, ceil_div(kernel_rows, rows), rows, ceil_div(kernel_columns, columns), columns
    )
    blocks = blocks.transpose(1, 3, 0, 2, 4).reshape(-1, channels, rows * columns)
    tiles = np.zeros((len(blocks), stream.tiles * array_size, array_size), np.int8)
    tiles[:, :channels, : rows * columns] = blocks
    counts = tile_columns(channels, stream.tiles, array_size)
    sizes = [weight_bytes(count, array_size, bits) for count in counts]
    return _stored(tiles.reshape(len(tiles), stream.tiles, -1), sizes, bits)


def parameter_block(scale: np.ndarray, bias: np.ndarray, array_size: int) -> bytes:
    """Return, for each tile, the scales of its columns, then their biases, in whole lines."""
    tiles = ceil_div(len(scale), array_size)
    block = b""
    for tile, columns in enumerate(tile_columns(len(scale), tiles, array_size)):
        for values in (scale, bias):
            part = np.zeros(parameter_words(columns), "<f4")
            part[:columns] = values[tile * array_size :][:columns]
            block += part.tobytes()
    return block


def copied(jobs: Iterable[Job], array_size: int) -> tuple[list[Job], bytes]:
    """Return jobs whose results are stored as they are, and their scales and biases.

    A bias of -0 leaves zeros their signs.
    """
    block = b""
    offsets: dict[int, int] = {}
    placed = []
    for job in jobs:
        count = job.outputs
        if count not in offsets:
            offsets[count] = len(block)
            block += parameter_block(np.ones(count), np.full(count, -0.0), array_size)
        placed.append(replace(job, parameters=offsets[count]))
    return placed, block
