"""Constants as the engine reads them, byte by byte."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.hardware import Hardware
from modelgen.operators import Slice
from modelgen.operators.window import Window
from modelgen.targets.systolic.geometry import movement
from modelgen.targets.systolic.tiling.copies import copies
from modelgen.targets.systolic.tiling.cut import Source, Stream, Target
from modelgen.targets.systolic.tiling.window import Chunk, whole_window
from modelgen.targets.systolic.weights import (
    copied,
    depthwise_stream,
    parameter_block,
    weight_stream,
)
from tests.support.layers import convolution, product


def random_bytes(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(-127, 128, shape).astype(np.int8)


def test_weights_lie_slice_by_slice_and_tile_by_tile() -> None:
    """Byte c * S + r of a tile is the weight of the slice's input r and the tile's output c."""
    size, weight = 4, random_bytes(11, 7)
    slices = [np.array([0, 2, 4, 6]), np.array([1, 3, 5])]
    stream = Stream(whole_window(product(1, 7, 11)), slices, first_tile=1, tiles=2)
    data = weight_stream(weight, stream, size)
    bytes_ = np.frombuffer(data, np.int8).reshape(len(slices), stream.tiles, size, size)
    for index, tile, column, row in np.ndindex(bytes_.shape):
        output = (stream.first_tile + tile) * size + column
        exists = output < 11 and row < len(slices[index])
        wanted = weight[output, slices[index][row]] if exists else 0
        assert bytes_[index, tile, column, row] == wanted


@pytest.mark.parametrize(("size", "outputs", "last"), [(16, 10, 160), (8, 10, 16), (12, 19, 96)])
def test_the_last_tile_has_the_columns_that_exist(size: int, outputs: int, last: int) -> None:
    """In whole lines of 16 bytes, in each slice."""
    words = np.arange(size)
    tiles = -(-outputs // size)
    stream = Stream(whole_window(product(1, size, outputs)), [words, words[:3]], 0, tiles)
    weight = random_bytes(outputs, size)
    data = np.frombuffer(weight_stream(weight, stream, size), np.int8)
    slices = data.reshape(2, (tiles - 1) * size**2 + last)
    columns = weight.reshape(-1)
    assert (slices[0, : len(columns)] == columns).all()
    assert not slices[0, len(columns) :].any()


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
    """S scales, then S biases; of the last tile those that exist, in whole lines."""
    scale = np.arange(1, 11, dtype=np.float32)
    values = np.frombuffer(parameter_block(scale, -scale, 8), "<f4")
    first, last = [1, 2, 3, 4, 5, 6, 7, 8], [9, 10, 0, 0]
    assert values.tolist() == [*first, *(-x for x in first), *last, *(-x for x in last)]


def test_copies_have_a_block_for_each_length_of_runs() -> None:
    """Scales of 1 and biases of -0, which keep the signs of zeros."""
    geometry = movement(Slice((0, 0), (7, 70), (1, 1)), (7, 71))
    source, hardware = Source("x", staging=(0, 400)), Hardware(array_size=8)
    jobs, block = copied(copies(geometry, source, Target("y", memory=True), hardware), 8)
    assert sorted({(job.outputs, job.parameters) for job in jobs}) == [(6, 256), (32, 0)]
    values = np.frombuffer(block, "<f4").reshape(-1, 8)
    np.testing.assert_array_equal(values[:8:2], 1.0)
    np.testing.assert_array_equal(np.signbit(values[1:8:2]), True)
    assert values[8:].tolist() == [[1.0] * 6 + [0.0] * 2, [0.0] * 8]
    assert np.signbit(values[9]).tolist() == [True] * 6 + [False] * 2
