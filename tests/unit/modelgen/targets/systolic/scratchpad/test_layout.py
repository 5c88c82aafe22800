"""Maps in the activation buffer: places of pixels, frames, and pitches that save slices."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from modelgen.hardware import Hardware
from modelgen.operators import MaxPool2d
from modelgen.operators.window import Window
from modelgen.targets.systolic.geometry import View
from modelgen.targets.systolic.scratchpad.layout import (
    Layout,
    can_span,
    ceil_div,
    layout_for,
    saves_slices,
)
from tests.support.layers import convolution, pooling, product

MAPS = View(2, 3, 4, 5)
PADDED = Window((3, 3), padding=(1, 1, 1, 1))
HARDWARE = Hardware(array_size=8)


@pytest.mark.parametrize(
    ("value", "divisor", "result"), [(0, 4, 0), (1, 4, 1), (4, 4, 1), (5, 4, 2)]
)
def test_ceil_div(value: int, divisor: int, result: int) -> None:
    assert ceil_div(value, divisor) == result


def test_places_of_pixels() -> None:
    layout = Layout(MAPS, pitch=25, head=30, tail=7, base=100)
    assert layout.image_words == 30 + 3 * 25 + 7
    assert layout.size == 2 * layout.image_words
    assert layout.at(0, 0, 0) == 130
    assert layout.at(1, 2, 3) == 100 + layout.image_words + 30 + 2 * 25 + 3 * 5
    assert layout.at(0, -1, -1) == 100


def test_maps_without_gaps_can_be_seen_as_others() -> None:
    dense, rows = Layout(MAPS, pitch=20, base=3), View(1, 24, 1, 5)
    assert dense.dense and dense.seen_as(rows) == Layout(rows, pitch=5, base=3)
    gaps = replace(dense, pitch=21)
    assert not gaps.dense and gaps.seen_as(rows) is None
    assert gaps.seen_as(MAPS) == gaps
    assert not replace(dense, head=1).dense and not replace(dense, tail=1).dense


def test_a_frame_as_its_readers_need_it() -> None:
    reader = convolution((2, 3, 4, 5), 6, PADDED)
    layout = layout_for(MAPS, [reader], HARDWARE)
    assert layout.fill == 0.0
    assert layout.pitch >= 4 * 5 + 5
    assert layout.at(0, -1, -1) == layout.base
    end = layout.at(0, 3, 4) + 5
    assert end == layout.base + layout.image_words
    assert layout.pads(reader)


@pytest.mark.parametrize("part", ["pitch", "head", "tail", "fill"])
def test_a_frame_that_is_too_small_or_of_other_words(part: str) -> None:
    reader = convolution((2, 3, 4, 5), 6, PADDED)
    # A pitch without words to spare.
    layout = Layout(MAPS, pitch=25, head=30, tail=25, fill=0.0)
    assert layout.pads(reader)
    wrong = {"pitch": 24, "head": 29, "tail": 24, "fill": -math.inf}
    assert not replace(layout, **{part: wrong[part]}).pads(reader)


def test_without_padding_any_frame_will_do() -> None:
    reader = convolution((2, 3, 4, 5), 6, Window((3, 3)))
    layout = layout_for(MAPS, [reader], HARDWARE)
    assert (layout.head, layout.tail, layout.fill) == (0, 0, None)
    assert layout.pads(reader)


@pytest.mark.parametrize("padding", [(2, 0, 0, 0), (0, 2, 0, 0), (0, 0, 2, 0), (0, 0, 0, 2)])
def test_padding_on_one_side(padding: tuple[int, int, int, int]) -> None:
    reader = convolution((2, 3, 4, 5), 6, Window((3, 3), padding=padding))
    layout = layout_for(MAPS, [reader], HARDWARE)
    top, bottom, left, right = padding
    assert layout.pads(reader)
    assert layout.at(0, -top, -left) == layout.base
    assert (layout.tail > 0) == (bottom > 0)
    assert layout.pitch >= 4 * 5 + 5 * max(left, right)


def test_the_widest_padding_of_all_readers_counts() -> None:
    narrow = convolution((2, 3, 4, 5), 6, Window((2, 2), padding=(1, 0, 0, 1)))
    wide = convolution((2, 3, 4, 5), 6, Window((5, 5), padding=(2, 2, 2, 2)))
    layout = layout_for(MAPS, [narrow, wide], HARDWARE)
    assert layout.pads(narrow) and layout.pads(wide)


def test_pixels_that_a_reader_leaves_out_are_no_padding() -> None:
    bare, padded = (
        convolution((2, 3, 8, 5), 6, Window((3, 3), padding=(rows, rows, -2, -1)))
        for rows in (0, 1)
    )
    maps = View(2, 3, 8, 5)
    assert not bare.pads and layout_for(maps, [bare], HARDWARE).fill is None
    layout = layout_for(maps, [padded], HARDWARE)
    assert layout.pads(padded) and layout.head == layout.pitch


def test_the_padding_of_a_maximum_is_below_all_values() -> None:
    reader = pooling(MaxPool2d, (2, 3, 4, 5), PADDED)
    assert layout_for(MAPS, [reader], HARDWARE).fill == -math.inf


def test_slices_that_go_on_from_row_to_row() -> None:
    """Three rows of 9 words take two slices of 8 each, and four together."""
    assert saves_slices(convolution((1, 8, 8, 3), 4, Window((3, 3))), HARDWARE) == 6 - 4
    assert saves_slices(convolution((1, 8, 8, 8), 4, Window((3, 3))), HARDWARE) == 0
    assert saves_slices(convolution((1, 8, 8, 3), 4, Window((1, 3))), HARDWARE) == 0
    assert saves_slices(product(4, 27, 4), HARDWARE) == 0


def test_slices_do_not_go_on_where_they_cannot() -> None:
    """From tap to tap of a dilated row, of each channel alone, and over too many short rows."""
    dilated = convolution((1, 9, 9, 3), 4, Window((3, 3), dilation=(1, 2)))
    depthwise = convolution((1, 8, 8, 3), 0, Window((3, 3)), depthwise=True)
    tall = convolution((1, 20, 1, 1), 4, Window((9, 1)))
    assert [saves_slices(layer, HARDWARE) for layer in (dilated, depthwise, tall)] == [0, 0, 0]


def test_rows_whose_slices_go_on_begin_in_successive_banks() -> None:
    reader = convolution((1, 8, 8, 3), 4, PADDED)
    layout = layout_for(View(1, 8, 8, 3), [reader], HARDWARE)
    assert can_span(layout.pitch, 9, HARDWARE)
    assert layout.pitch - (8 * 3 + 3) < HARDWARE.banks


def test_banks_are_a_power_of_two() -> None:
    twelve = Hardware(array_size=12)
    assert can_span(9 + 16, 9, twelve) and not can_span(9 + 12, 9, twelve)


def test_a_reader_of_other_maps_keeps_them_without_gaps() -> None:
    """A spanning convolution would like a gap; a matrix product reads the same words as rows."""
    spanning = convolution((1, 8, 8, 3), 4, Window((3, 3)))
    rows = product(16, 12, 4)
    assert not layout_for(View(1, 8, 8, 3), [spanning], HARDWARE).dense
    assert layout_for(View(1, 8, 8, 3), [spanning, rows], HARDWARE).dense


def test_rows_may_be_seen_as_other_pixels_whatever_is_between_them() -> None:
    layout = Layout(View(1, 8, 8, 3), pitch=29, head=40, tail=50, fill=0.0, base=3)
    seen = layout.seen_as(View(1, 8, 2, 12))
    assert seen == replace(layout, view=View(1, 8, 2, 12))
    assert layout.seen_as(View(1, 4, 4, 12)) is None
    spanning, rows = convolution((1, 8, 8, 3), 4, Window((3, 3))), product(8, 24, 4)
    assert not layout_for(View(1, 8, 8, 3), [spanning, rows], HARDWARE).dense


def test_a_part_has_the_pixels_where_the_whole_has_them() -> None:
    layout = Layout(replace(MAPS, images=1), pitch=25, head=30, tail=7, fill=0.0, base=100)
    part = layout.part(1, 2)
    assert part.view.rows == 2
    assert part.at(0, 0, 0) == layout.at(0, 1, 0)
    assert part.at(0, 1, 3) == layout.at(0, 2, 3)
    assert part.at(0, -1, -1) == layout.at(0, 0, -1)
