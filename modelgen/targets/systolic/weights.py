"""Constants in the engine's format: weight streams, and blocks of scales and biases."""

from __future__ import annotations

import numpy as np

from modelgen.targets.systolic.scratchpad.layout import ceil_div
from modelgen.targets.systolic.tiling.cut import Stream

_LINE_BYTES = 16


def weight_stream(weight: np.ndarray, stream: Stream, array_size: int) -> bytes:
    """Return blocks, slice by slice and tile by tile: byte r * S + c is W[input r][output c].

    Args:
        weight: INT8, shape (N, K), K in the order of the stream's indices.
        stream: the slices and tiles to include.
        array_size: S.
    """
    size = array_size
    first = stream.first_tile * size
    columns = weight[first : first + stream.tiles * size]
    block = np.zeros((len(stream.slices), size, stream.tiles * size), np.int8)
    for index, words in enumerate(stream.slices):
        block[index, : len(words), : len(columns)] = columns[:, words].T
    tiles = block.reshape(len(stream.slices), size, stream.tiles, size)
    return tiles.transpose(0, 2, 1, 3).tobytes()


def depthwise_stream(weight: np.ndarray, stream: Stream, array_size: int) -> bytes:
    """Return blocks, tap by tap and tile by tile: one byte per channel, padded to whole lines.

    Args:
        weight: INT8, shape (channels, kernel rows, kernel columns).
        stream: the taps and tiles to include.
        array_size: S.
    """
    line = ceil_div(array_size, _LINE_BYTES) * _LINE_BYTES
    first = stream.first_tile * array_size
    taps = weight[first : first + stream.tiles * array_size][
        :, stream.chunk.y.start : stream.chunk.y.stop, stream.chunk.x.start : stream.chunk.x.stop
    ]
    lanes = np.zeros((taps.shape[1] * taps.shape[2], stream.tiles * array_size), np.int8)
    lanes[:, : len(taps)] = taps.reshape(len(taps), -1).T
    block = np.zeros((len(lanes), stream.tiles, line), np.int8)
    block[:, :, :array_size] = lanes.reshape(len(lanes), stream.tiles, array_size)
    return block.tobytes()


def parameter_block(scale: np.ndarray, bias: np.ndarray, array_size: int) -> bytes:
    """Return, for each tile, S scales, then S biases, padded with zeros."""
    tiles = ceil_div(len(scale), array_size)
    block = np.zeros((2, tiles * array_size), "<f4")
    block[0, : len(scale)] = scale
    block[1, : len(bias)] = bias
    return block.reshape(2, tiles, array_size).transpose(1, 0, 2).tobytes()
