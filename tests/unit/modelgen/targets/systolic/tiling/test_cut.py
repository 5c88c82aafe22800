"""Jobs of a cut layer: everything is stored once, loaded in time, and summed in order."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from modelgen.hardware import Hardware
from modelgen.operators import MaxPool2d
from modelgen.operators.window import Window
from modelgen.targets.systolic.geometry import Geometry, View
from modelgen.targets.systolic.scratchpad.layout import Layout, layout_for
from modelgen.targets.systolic.tiling.cut import (
    Cut,
    Source,
    Target,
    Tiling,
    cut,
    frames,
    spans,
    tile_count,
    with_accumulators,
)
from tests.support.layers import convolution, in_buffer, load, numbered, pooling, product

HARDWARE = Hardware(array_size=4)
SHAPE = 2, 7, 8, 6
STREAMED = Source("x", staging=(100, 4000))
TO_MEMORY = Target("y", memory=True)
PADDED = Window((3, 3), padding=(1, 1, 1, 1))


def whole(geometry: Geometry, **changes: object) -> Tiling:
    """Return a tiling of one job a map."""
    tiling = Tiling(
        heights=(geometry.target.rows,),
        width=geometry.target.columns,
        tiles=(tile_count(geometry, HARDWARE),),
        taps=(geometry.y.kernel, geometry.x.kernel),
        words=geometry.words,
        span=False,
    )
    return replace(tiling, **changes)


def tilings(geometry: Geometry) -> list[Tiling]:
    """Return tilings that cut rows, columns, output channels and the window."""
    rows = geometry.target.rows
    return [
        whole(geometry),
        whole(geometry, heights=(2, rows - 2)),
        whole(geometry, width=3),
        whole(geometry, tiles=(1, 2)),
        whole(geometry, taps=(1, 3), words=4),
        whole(geometry, heights=(1,) * rows, width=2, tiles=(2, 1), taps=(2, 2), words=4),
    ]


def layers() -> list[Geometry]:
    return [
        convolution(SHAPE, 10, PADDED),
        convolution(SHAPE, 10, PADDED, pool=(2, 2)),
        convolution((2, 7, 8, 10), 0, PADDED, depthwise=True),
        pooling(MaxPool2d, (2, 9, 10, 10), Window((3, 3), (2, 2), (1, 1, 1, 1))),
    ]


def cuts() -> list[tuple[Geometry, Cut]]:
    return [
        (geometry, cut(geometry, STREAMED, TO_MEMORY, tiling, HARDWARE))
        for geometry in layers()
        for tiling in tilings(geometry)
        if geometry.is_matmul or tiling.words == geometry.words
    ]


def test_every_result_is_stored_once() -> None:
    for geometry, made in cuts():
        stored = np.zeros(geometry.target.size, int)
        for job in made.jobs:
            if job.store is not None:
                rows, columns, channels = np.ogrid[
                    : job.store.rows, : job.store.columns, : job.outputs
                ]
                first = job.store.memory.offset
                words = first + rows * job.store.pitch_y + columns * job.store.pitch_x
                stored[words // 4 + channels] += 1
        assert (stored == 1).all()


def test_sums_begin_with_the_first_chunk_and_are_stored_with_the_last() -> None:
    """Between them all chunks of the window, with the slices of the layer in their order."""
    for geometry, made in cuts():
        chunks = 0
        for before, job in pairwise([None, *made.jobs]):
            assert job.first == (before is None or before.store is not None)
            chunks += job.first
        assert made.jobs[-1].store is not None
        groups = [job for job in made.jobs if job.store is not None]
        assert chunks == len(groups)
        if geometry.is_matmul:
            words = geometry.taps * geometry.channels
            assert sorted(np.concatenate(made.slices)) == list(range(words))


def test_each_job_has_the_weights_of_its_chunk_and_its_tiles() -> None:
    for geometry, made in cuts():
        for job in made.jobs:
            assert job.tiles == -(-job.outputs // HARDWARE.array_size)
            assert (job.weights is None) == (geometry.macs == 0)
            if job.weights is not None:
                stream = made.streams[job.weights]
                assert stream.first_tile * HARDWARE.array_size == job.channel
                assert stream.tiles == job.tiles
                if geometry.is_matmul:
                    assert len(stream.slices) == job.slices(HARDWARE.array_size)


def test_what_is_streamed_comes_to_the_halves_of_the_staging_area_in_turn() -> None:
    geometry = convolution(SHAPE, 10, PADDED)
    made = cut(geometry, STREAMED, TO_MEMORY, whole(geometry, heights=(2, 2, 3)), HARDWARE)
    bases = [job.load.base for job in made.jobs]
    assert bases == [100, 2100] * 3
    large = replace(STREAMED, staging=(100, 500))
    made = cut(geometry, large, TO_MEMORY, whole(geometry), HARDWARE)
    assert [job.load.base for job in made.jobs] == [100, 100]


def test_a_block_is_loaded_once_for_all_its_tiles() -> None:
    """Unless the window is cut: then chunks are loaded again for each block of tiles."""
    geometry = convolution(SHAPE, 10, PADDED)
    made = cut(geometry, STREAMED, TO_MEMORY, whole(geometry, tiles=(1, 2)), HARDWARE)
    assert [job.load is not None for job in made.jobs] == [True, False] * 2
    assert made.jobs[0].compute == made.jobs[1].compute
    parts = whole(geometry, tiles=(1, 2), words=4)
    made = cut(geometry, STREAMED, TO_MEMORY, parts, HARDWARE)
    assert all(job.load is not None for job in made.jobs)


@pytest.mark.parametrize(
    "window", [PADDED, Window((2, 2), (2, 2)), Window((5, 3), padding=(4, 4, 0, 0))]
)
def test_rows_that_stay_are_loaded_once_and_before_they_are_read(window: Window) -> None:
    geometry = convolution(SHAPE, 10, window)
    layout = replace(layout_for(geometry.source, [geometry], HARDWARE), base=7)
    source = Source("x", layout, loads=True)
    rows = geometry.target.rows
    made = cut(geometry, source, TO_MEMORY, whole(geometry, heights=(1,) * rows), HARDWARE)
    maps = numbered(*SHAPE)
    buffer = np.full(7 + layout.size, np.nan)
    loaded = 0
    for job in made.jobs:
        if job.load is not None:
            load(job.load, maps.reshape(-1), buffer)
            loaded += job.load.rows
        compute = job.compute
        last = compute.base + (compute.columns - 1) * compute.step_x
        last += (compute.runs_y - 1) * compute.pitch_y + (compute.runs_x - 1) * compute.pitch_x
        assert not np.isnan(buffer[compute.base : last + compute.run]).any() or layout.fill is None
    assert loaded == SHAPE[0] * SHAPE[1]
    np.testing.assert_array_equal(buffer[7:], in_buffer(layout, maps, len(buffer))[7:])


def test_what_lies_in_the_buffer_is_not_loaded() -> None:
    geometry = convolution(SHAPE, 10, PADDED)
    source = Source("x", layout_for(geometry.source, [geometry], HARDWARE))
    made = cut(geometry, source, TO_MEMORY, whole(geometry), HARDWARE)
    assert all(job.load is None for job in made.jobs)


def test_results_go_where_the_target_says() -> None:
    """To memory, to the buffer, or to both; the operand is read where the result goes."""
    geometry = convolution(SHAPE, 10, PADDED)
    layout = Layout(geometry.target, pitch=85, head=3, base=50)

    tiling = whole(geometry, tiles=(2, 1))

    def last(target: Target) -> Any:
        return cut(geometry, STREAMED, target, tiling, HARDWARE).jobs[-1].store

    image = 7 * 8 * 10
    store = last(replace(TO_MEMORY, residual="r"))
    assert store.memory.offset == store.residual.offset == 4 * (image + 8)
    assert (store.memory.tensor, store.residual.tensor) == ("y", "r")
    assert (store.pitch_y, store.pitch_x) == (4 * 80, 4 * 10)
    assert store.buffer is None
    store = last(Target("y", memory=False, layout=layout))
    assert store.memory is None and store.residual is None
    assert store.buffer == layout.at(1, 0, 0) + 8
    assert (store.step_y, store.step_x) == (85, 10)


def test_consecutive_sums_lie_at_alternating_ends_of_the_accumulators() -> None:
    geometry = convolution(SHAPE, 10, PADDED)
    tiling = whole(geometry, heights=(2, 2, 3), taps=(1, 3))
    made = cut(geometry, STREAMED, TO_MEMORY, tiling, HARDWARE)
    jobs = with_accumulators(made.jobs, 0, HARDWARE)
    depth = HARDWARE.accumulator_depth
    sides = []
    for job in jobs:
        assert 0 <= job.accumulator <= depth - job.entries
        sides.append("low" if job.accumulator == 0 else "high")
        assert job.accumulator in (0, depth - job.entries)
    assert (
        sides
        == ["low"] * 3 + ["high"] * 3 + ["low"] * 3 + ["high"] * 3 + ["low"] * 3 + ["high"] * 3
    )
    one_more = with_accumulators(made.jobs, 1, HARDWARE)
    assert one_more[0].accumulator > 0


def test_a_frame_is_filled_and_its_pixels_are_left_alone() -> None:
    geometry = convolution(SHAPE, 10, PADDED)
    layout = replace(layout_for(geometry.source, [geometry], HARDWARE), base=9)
    buffer = in_buffer(replace(layout, fill=None), numbered(*SHAPE), 9 + layout.size)
    assert np.isnan(buffer[9:]).any()
    loads = frames(layout)
    assert len(loads) == SHAPE[0]
    for filling in loads:
        load(filling, numbered(*SHAPE).reshape(-1), buffer)
    wanted = in_buffer(layout, numbered(*SHAPE), len(buffer))
    np.testing.assert_array_equal(buffer, wanted)
    assert frames(replace(layout, fill=None)) == []


def test_slices_span_kernel_rows_if_these_begin_in_successive_banks() -> None:
    geometry = convolution(SHAPE, 10, PADDED)
    layout = layout_for(geometry.source, [geometry], HARDWARE)
    assert not spans(geometry, Source("x", replace(layout, pitch=57)), (3, 3), HARDWARE)
    assert spans(geometry, Source("x", replace(layout, pitch=58)), (3, 3), HARDWARE)
    assert spans(geometry, STREAMED, (3, 3), HARDWARE)
    assert not spans(geometry, STREAMED, (1, 3), HARDWARE)
    dilated = convolution(SHAPE, 10, Window((3, 3), dilation=(2, 1)))
    assert not spans(dilated, STREAMED, (3, 3), HARDWARE)


def test_tiles_are_rounded_up() -> None:
    assert [tile_count(product(1, 8, columns), HARDWARE) for columns in (4, 5, 12)] == [1, 2, 3]


def test_blocks_of_columns_lie_where_readers_see_other_pixels() -> None:
    """Pixels of 8 words, which are written as parts of twice as many, are read as 4 words each."""
    layer = convolution((1, 6, 8, 3), 4, Window((1, 1)))
    pixels = View(1, 6, 16, 4)
    layout = replace(layout_for(pixels, [], HARDWARE), pitch=70, base=100)
    target = Target("y", memory=False, layout=layout, word=4, pixel=8)
    jobs = cut(layer, STREAMED, target, whole(layer, width=3, heights=(2, 4)), HARDWARE).jobs
    stores = [job.store for job in jobs if job.store]
    places = [(y, x) for y in (0, 2) for x in (0, 3, 6)]
    assert [store.buffer for store in stores] == [104 + 70 * y + 8 * x for y, x in places]
    assert {(store.step_y, store.step_x) for store in stores} == {(70, 8)}
