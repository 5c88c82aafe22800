"""What is loaded for a block of positions, and which words are read: those under the window."""

from __future__ import annotations

from itertools import product as pairs

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelgen.hardware import Hardware
from modelgen.operators import MaxPool2d
from modelgen.operators.window import Window
from modelgen.targets.systolic.geometry import Axis, Geometry
from modelgen.targets.systolic.scratchpad.layout import Layout, layout_for
from modelgen.targets.systolic.tiling.window import (
    Block,
    Chunk,
    chunks_of,
    grid,
    resident,
    slices_of,
    staged,
    whole_window,
)
from tests.support.layers import (
    convolution,
    in_buffer,
    load,
    numbered,
    pooling,
    product,
    read,
    under_the_window,
)

HARDWARE = Hardware(array_size=8)
SHAPE = 2, 7, 8, 5
WINDOWS = [
    Window((3, 3)),
    Window((1, 1), stride=(2, 3)),
    Window((3, 2), stride=(2, 1), padding=(1, 1, 1, 0)),
    Window((2, 3), padding=(2, 2, 2, 2), dilation=(3, 2)),
    Window((3, 3), padding=(5, 5, 5, 5)),
]


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 9),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 9),
    st.integers(0, 3),
    st.integers(1, 4),
    st.data(),
)
def test_a_grid_has_the_pixels_of_its_positions_and_taps(
    size: int,
    kernel: int,
    stride: int,
    dilation: int,
    before: int,
    first_position: int,
    count: int,
    data: st.DataObject,
) -> None:
    positions = range(first_position, first_position + count)
    taps = range(data.draw(st.integers(0, kernel - 1)), kernel)
    axis = Axis(size, positions.stop, kernel, stride, dilation, before)
    points = grid(axis, positions, taps)
    first = points.start - points.before * points.step
    pixels = [first + index * points.step for index in range(points.points)]
    exists = [0 <= pixel < size for pixel in pixels]
    wanted = [False] * points.before + [True] * points.pixels + [False] * points.after
    assert exists == wanted
    for (i, position), (j, tap) in pairs(enumerate(positions), enumerate(taps)):
        index = i * points.position_step + j * points.tap_step
        assert pixels[index] == position * stride - before + tap * dilation


def test_one_tap_skips_what_a_stride_skips() -> None:
    points = grid(Axis(9, 3, kernel=3, stride=4), range(3), range(1))
    assert (points.step, points.pixels) == (4, 3)


def blocks_of(geometry: Geometry) -> list[Block]:
    """All positions of the second map; some of its rows; some of its columns."""
    rows, columns = range(geometry.y.outputs), range(geometry.x.outputs)
    later = rows[len(rows) // 2 :]
    return [Block(1, rows, columns), Block(1, later, columns), Block(0, rows[:1], columns[-2:])]


def expected(window: Window, block: Block, chunk: Chunk, padding_value: float = 0.0) -> np.ndarray:
    """Return the words of each position in the order of K, shape (rows, columns, words)."""
    taps = under_the_window(window, numbered(*SHAPE), padding_value)
    found = taps[block.image][np.ix_(block.y, block.x, chunk.y, chunk.x, chunk.words)]
    return found.reshape(len(block.y), len(block.x), -1)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_staged_words_are_those_under_the_window(window: Window) -> None:
    """Blocks of positions, chunks of taps and channels; the load stays within its words."""
    geometry = convolution(SHAPE, 6, window)
    chunks = [whole_window(geometry), *chunks_of(geometry, (2, 1), 2)]
    for block, chunk in pairs(blocks_of(geometry), chunks):
        loading, compute, words = staged(geometry, block, chunk, "x", span=False, hardware=HARDWARE)
        buffer = np.full(words, np.nan)
        load(loading, numbered(*SHAPE).reshape(-1), buffer)
        np.testing.assert_array_equal(read(compute, buffer), expected(window, block, chunk))


@pytest.mark.parametrize("window", [Window((3, 3)), Window((3, 2), dilation=(3, 1))], ids=str)
def test_rows_of_a_spanning_window_begin_in_successive_banks(window: Window) -> None:
    geometry = convolution(SHAPE, 6, window)
    chunk = whole_window(geometry)
    for block in blocks_of(geometry):
        loading, compute, words = staged(geometry, block, chunk, "x", span=True, hardware=HARDWARE)
        buffer = np.full(words, np.nan)
        load(loading, numbered(*SHAPE).reshape(-1), buffer)
        np.testing.assert_array_equal(read(compute, buffer), expected(window, block, chunk))
        assert compute.span
        assert (compute.pitch_y - compute.run) % HARDWARE.banks == 0


def test_a_single_kernel_row_spans_nothing() -> None:
    """What is left of a kernel that is cut into chunks of two rows."""
    geometry = convolution(SHAPE, 6, Window((3, 3)))
    block, chunk = blocks_of(geometry)[0], chunks_of(geometry, (2, 3), 5)[1]
    loading, compute, words = staged(geometry, block, chunk, "x", span=True, hardware=HARDWARE)
    buffer = np.full(words, np.nan)
    load(loading, numbered(*SHAPE).reshape(-1), buffer)
    np.testing.assert_array_equal(read(compute, buffer), expected(Window((3, 3)), block, chunk))
    assert not compute.span


def test_a_maximum_is_padded_with_what_is_below_all_values() -> None:
    window = Window((3, 3), (2, 2), (1, 1, 1, 1))
    geometry = pooling(MaxPool2d, SHAPE, window)
    block, chunk = blocks_of(geometry)[0], whole_window(geometry)
    loading, compute, words = staged(geometry, block, chunk, "x", span=False, hardware=HARDWARE)
    buffer = np.full(words, np.nan)
    load(loading, numbered(*SHAPE).reshape(-1), buffer)
    np.testing.assert_array_equal(read(compute, buffer), expected(window, block, chunk, -np.inf))


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_resident_words_are_those_under_the_window(window: Window) -> None:
    geometry = convolution(SHAPE, 6, window)
    layout = layout_for(geometry.source, [geometry], HARDWARE)
    layout = Layout(**{**vars(layout), "base": 11})
    buffer = in_buffer(layout, numbered(*SHAPE), 11 + layout.size)
    for block in blocks_of(geometry):
        chunk = whole_window(geometry)
        compute = resident(geometry, block, chunk, layout, span=False)
        np.testing.assert_array_equal(read(compute, buffer), expected(window, block, chunk))


def test_a_matrix_product_reads_framed_maps_as_rows() -> None:
    """Each row of the product is one map; the words between the map's rows are left out."""
    reader = convolution(SHAPE, 6, Window((3, 3), padding=(1, 1, 1, 1)))
    layout = layout_for(reader.source, [reader], HARDWARE)
    buffer = in_buffer(layout, numbered(*SHAPE), layout.size)
    geometry = product(2, 7 * 8 * 5, 4)
    block = Block(0, range(2), range(1))
    compute = resident(geometry, block, whole_window(geometry), layout, span=False)
    wanted = numbered(*SHAPE).reshape(2, 1, -1)
    np.testing.assert_array_equal(read(compute, buffer), wanted)


def in_order(geometry: Geometry, chunk: Chunk) -> list[int]:
    """Return the indices of K of a chunk: kernel rows, kernel columns, channels."""
    columns, channels = geometry.x.kernel, geometry.channels
    taps = [y * columns + x for y, x in pairs(chunk.y, chunk.x)]
    return [tap * channels + channel for tap, channel in pairs(taps, chunk.words)]


@pytest.mark.parametrize(
    ("window", "span"),
    [(w, False) for w in WINDOWS] + [(w, True) for w in WINDOWS if w.dilation == (1, 1)],
    ids=str,
)
def test_slices_are_the_indices_of_k_in_the_order_of_the_words(window: Window, span: bool) -> None:
    geometry = convolution(SHAPE, 6, window)
    for chunk in [whole_window(geometry), *chunks_of(geometry, (2, 1), 2)]:
        slices = slices_of(geometry, chunk, span=span, row_words=0, array_size=8)
        assert np.concatenate(slices).tolist() == in_order(geometry, chunk)
        assert all(0 < len(indices) <= 8 for indices in slices)


@pytest.mark.parametrize(
    ("window", "span", "lengths"),
    [
        (Window((2, 3)), False, [8, 7, 8, 7]),
        (Window((2, 3)), True, [8, 8, 8, 6]),
        (Window((2, 3), dilation=(1, 2)), False, [5] * 6),
    ],
    ids=["rows", "span", "taps"],
)
def test_where_slices_end(window: Window, span: bool, lengths: list[int]) -> None:
    """At the end of a kernel row; of the window, if they span; of a tap, if it is dilated."""
    geometry = convolution(SHAPE, 6, window)
    chunk = whole_window(geometry)
    slices = slices_of(geometry, chunk, span=span, row_words=0, array_size=8)
    assert [len(indices) for indices in slices] == lengths


def test_slices_of_a_matrix_whose_rows_are_maps() -> None:
    geometry = product(2, 30, 4)
    chunk = whole_window(geometry)
    slices = slices_of(geometry, chunk, span=False, row_words=10, array_size=8)
    assert [len(indices) for indices in slices] == [8, 2] * 3


@pytest.mark.parametrize(("taps", "channels"), [((3, 2), 5), ((1, 2), 5), ((2, 1), 2)])
def test_chunks_are_all_of_the_window_once(taps: tuple[int, int], channels: int) -> None:
    geometry = convolution(SHAPE, 6, Window((3, 2)))
    chunks = chunks_of(geometry, taps, channels)
    found = [place for chunk in chunks for place in pairs(chunk.y, chunk.x, chunk.words)]
    assert sorted(found) == list(pairs(range(3), range(2), range(5)))
    assert (len(chunks) == 1) == chunks[0].covers(geometry)
