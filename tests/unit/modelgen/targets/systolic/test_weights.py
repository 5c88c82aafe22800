"""Constants as the engine reads them, byte by byte."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.hardware import Hardware
from modelgen.operators import Slice
from modelgen.operators.window import Window
from modelgen.targets.systolic.geometry import movement
from modelgen.targets.systolic.tiles import weight_bytes
from modelgen.targets.systolic.tiling.copies import copies
from modelgen.targets.systolic.tiling.cut import Source, Stream, Target
from modelgen.targets.systolic.tiling.window import Chunk, whole_window
from modelgen.targets.systolic.weights import (
    copied,
    depthwise_stream,
    parameter_block,
    rows_stream,
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


@pytest.mark.parametrize("size", [4, 12, 20])
@pytest.mark.parametrize("kind", ["matrix", "rows"])
def test_weights_of_4_bits_are_halves_of_bytes(kind: str, size: int) -> None:
    """Tile by tile, in whole lines: of a byte's weights the first one is the lower half."""
    outputs = 2 * size + 3
    weight = np.random.default_rng(1).integers(-8, 8, (outputs, 3, 3)).astype(np.int8)
    slices = [np.arange(min(size, 9))] if kind == "matrix" else []
    stream = Stream(Chunk(range(3), range(3), range(outputs)), slices, 0, 3)
    make = {"matrix": weight_stream, "rows": rows_stream}[kind]
    constant = weight.reshape(outputs, -1) if kind == "matrix" else weight
    wide, narrow = (np.frombuffer(make(constant, stream, size, bits), np.uint8) for bits in (8, 4))
    sizes = {8: weight_bytes(3, size), 4: weight_bytes(3, size, 4)}
    whole = {8: weight_bytes(size, size), 4: weight_bytes(size, size, 4)}
    lines = {8: [whole[8]] * 2 + [sizes[8]], 4: [whole[4]] * 2 + [sizes[4]]}
    assert len(wide) % sum(lines[8]) == len(narrow) % sum(lines[4]) == 0
    while len(wide):
        for tile in range(3):
            one, wide = wide[: lines[8][tile]], wide[lines[8][tile] :]
            half, narrow = narrow[: lines[4][tile]], narrow[lines[4][tile] :]
            pairs = np.stack([half & 15, half >> 4], axis=-1).reshape(-1)
            used = min(len(one), len(pairs))
            np.testing.assert_array_equal(pairs[:used], one[:used] & 15)
            assert not pairs[used:].any() and not one[used:].any()
    assert not len(narrow)


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
