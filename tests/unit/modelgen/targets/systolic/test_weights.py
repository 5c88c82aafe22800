"""Constants as the engine reads them, byte by byte."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.operators.window import Window
from modelgen.targets.systolic.tiling.cut import Stream
from modelgen.targets.systolic.tiling.window import Chunk, whole_window
from modelgen.targets.systolic.weights import depthwise_stream, parameter_block, weight_stream
from tests.support.layers import convolution, product


def random_bytes(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(-127, 128, shape).astype(np.int8)


def test_weights_lie_slice_by_slice_and_tile_by_tile() -> None:
    """Byte r * S + c of a tile is the weight of the slice's input r and the tile's output c."""
    size, weight = 4, random_bytes(11, 7)
    slices = [np.array([0, 2, 4, 6]), np.array([1, 3, 5])]
    stream = Stream(whole_window(product(1, 7, 11)), slices, first_tile=1, tiles=2)
    data = weight_stream(weight, stream, size)
    bytes_ = np.frombuffer(data, np.int8).reshape(len(slices), stream.tiles, size, size)
    for index, tile, row, column in np.ndindex(bytes_.shape):
        output = (stream.first_tile + tile) * size + column
        exists = output < 11 and row < len(slices[index])
        wanted = weight[output, slices[index][row]] if exists else 0
        assert bytes_[index, tile, row, column] == wanted


@pytest.mark.parametrize(("size", "line"), [(4, 16), (12, 16), (20, 32)])
def test_depthwise_weights_lie_tap_by_tap_in_whole_lines(size: int, line: int) -> None:
    channels = 2 * size + 3
    weight = random_bytes(channels, 3, 2)
    chunk = Chunk(range(1, 3), range(2), range(size, channels))
    data = depthwise_stream(weight, Stream(chunk, [], first_tile=1, tiles=2), size)
    bytes_ = np.frombuffer(data, np.int8).reshape(2, 2, 2, line)
    for y, x, tile, lane in np.ndindex(bytes_.shape):
        channel = (1 + tile) * size + lane
        wanted = weight[channel, 1 + y, x] if lane < size and channel < channels else 0
        assert bytes_[y, x, tile, lane] == wanted


def test_the_whole_window_is_all_taps() -> None:
    weight = random_bytes(5, 3, 3)
    geometry = convolution((1, 3, 3, 5), 0, Window((3, 3)), depthwise=True)
    data = depthwise_stream(weight, Stream(whole_window(geometry), [], 0, 2), 4)
    assert len(data) == 9 * 2 * 16


def test_parameters_lie_tile_by_tile() -> None:
    """S scales, then S biases; zeros for channels that do not exist."""
    scale, bias = np.arange(1, 7, dtype=np.float32), -np.arange(1, 7, dtype=np.float32)
    values = np.frombuffer(parameter_block(scale, bias, 4), "<f4")
    wanted = [[1, 2, 3, 4, -1, -2, -3, -4], [5, 6, 0, 0, -5, -6, 0, 0]]
    assert values.reshape(2, 8).tolist() == wanted
