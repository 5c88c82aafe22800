"""Jobs of a movement: every value arrives, through small areas and whatever the layouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from modelgen.hardware import Hardware
from modelgen.operators import Interleave, Pad, Permute, Slice, Take
from modelgen.operators.movement import Movement
from modelgen.targets.systolic.geometry import View, movement
from modelgen.targets.systolic.scratchpad.layout import Layout
from modelgen.targets.systolic.tiling.copies import copies
from modelgen.targets.systolic.tiling.cut import Source, Target, with_accumulators
from tests.support.layers import in_buffer, load, numbered, read

HARDWARES = [
    Hardware(array_size=4, accumulator_depth=16),
    Hardware(array_size=8, port_words=1),
    Hardware(array_size=16),
]
AREA = 900
"""Where what is streamed begins."""
WORDS = 4096
TO_MEMORY = Target("y", memory=True)
CASES: list[tuple[Movement, tuple[int, ...]]] = [
    (Permute((0, 3, 1, 2)), (1, 5, 7, 3)),
    (Permute((0, 1, 3, 2)), (1, 4, 2, 12)),
    (Permute((0, 1, 4, 2, 5, 3, 6)), (1, 3, 5, 1, 2, 2, 6)),
    (Permute((2, 1, 0)), (9, 1, 70)),
    (Permute((0, 1)), (3, 23)),
    (Slice((0, 1, 2, 3), (1, 3, 4, 5), (1, 1, 1, 1)), (1, 4, 6, 9)),
    (Slice((0, 0, 1), (1, 5, 4), (1, 1, 3)), (1, 5, 12)),
    (Slice((0, 3), (1, 200), (1, 1)), (1, 205)),
    (Take((1, 2), ((0, 0, 1, 1), (0, 0, 1, 1, 2, 2))), (1, 2, 3, 9)),
    (Take((3,), ((0, 4, 1, 5, 2, 6, 3, 7),)), (1, 3, 3, 8)),
    (Interleave((2, 2), (0, 0), (6, 8)), (1, 3, 4, 12)),
    (Interleave((3, 2), (2, 1), (5, 6), 2), (1, 3, 4, 36)),
    (Take((1,), ((5, 0, 3, 3, 1),)), (1, 6, 2)),
    (Slice((0, 3, 1), (1, 3, 2), (1, -1, -1)), (1, 4, 3)),
]


FILLING: list[tuple[Movement, tuple[int, ...]]] = [
    (Pad((0, 2, 1, 0), (0, 1, 0, 0), value=1.5), (1, 4, 3, 5)),
    (Pad((0, 3, 0), (0, -1, 0)), (1, 9, 40)),
    (Pad((1, 2), (0, 3), value=-np.inf), (2, 1)),
]


def run(jobs: Sequence[Any], source: np.ndarray, buffer: np.ndarray, memory: np.ndarray) -> None:
    """Do what the jobs do; all stores come after what they read."""
    for job in jobs:
        if job.load is not None:
            load(job.load, source, buffer)
        values = read(job.compute, buffer)
        store = job.store
        for y, x in np.ndindex(store.rows, store.columns):
            words = values[y, x]
            if store.memory is not None:
                first = (store.memory.offset + y * store.pitch_y + x * store.pitch_x) // 4
                memory[first : first + len(words)] = words
            if store.buffer is not None:
                first = store.buffer + y * store.step_y + x * store.step_x
                buffer[first : first + len(words)] = words


@pytest.mark.parametrize("hardware", HARDWARES, ids=lambda h: f"S{h.array_size}")
@pytest.mark.parametrize(("operator", "shape"), [*CASES, *FILLING], ids=str)
def test_from_memory_to_memory(
    operator: Movement, shape: tuple[int, ...], hardware: Hardware
) -> None:
    values = numbered(*shape)
    geometry = movement(operator, shape)
    source = Source("x", staging=(AREA, 2 * max(hardware.array_size, 20)))
    buffer = np.full(WORDS, np.nan)
    memory = np.full(WORDS, np.nan)
    jobs = copies(geometry, source, TO_MEMORY, hardware)
    run(jobs, values.reshape(-1), buffer, memory)
    wanted = operator._move([values], operator.fill).reshape(-1)
    np.testing.assert_array_equal(memory[: len(wanted)], wanted)
    assert np.isnan(memory[len(wanted) :]).all(), "nothing else is written"
    assert np.isnan(buffer[:AREA]).all() and np.isnan(buffer[AREA + source.staging[1] :]).all()
    for job in with_accumulators(jobs, 0, hardware):
        assert 0 <= job.accumulator <= hardware.accumulator_depth - job.entries
        assert 2 * job.entries <= hardware.accumulator_depth, "room for two jobs"


def test_equal_halves_of_the_area_are_used_in_turn() -> None:
    geometry = movement(Permute((1, 0)), (40, 8))
    jobs = copies(geometry, Source("x", staging=(AREA, 80)), TO_MEMORY, HARDWARES[0])
    bases = [job.load.base for job in jobs if job.load is not None]
    assert bases[:4] == [AREA, AREA + 40, AREA, AREA + 40]


def test_words_between_rows_are_loaded_unless_that_takes_much_longer() -> None:
    def loads(kept: int) -> list[Any]:
        geometry = movement(Slice((0, 0), (8, kept), (1, 1)), (8, 32))
        jobs = copies(geometry, Source("x", staging=(0, 1000)), TO_MEMORY, HARDWARES[2])
        return [job.load for job in jobs if job.load is not None]

    (some,), (most,) = loads(8), loads(28)
    assert (some.rows, some.words, some.row_pitch) == (8, 8, 128)
    assert (most.rows, most.words) == (1, 7 * 32 + 28)


def test_single_words_are_not_too_long_a_run_where_they_are_staged() -> None:
    """They are far apart in memory, and loaded side by side."""
    operator, shape, hardware = Slice((0, 4), (90, 1), (1, 1)), (90, 30), HARDWARES[0]
    values, memory = numbered(*shape), np.full(WORDS, np.nan)
    jobs = copies(movement(operator, shape), Source("x", staging=(0, 400)), TO_MEMORY, hardware)
    run(jobs, values.reshape(-1), np.full(WORDS, np.nan), memory)
    np.testing.assert_array_equal(memory[:90], values[:, 4])
    assert all(2 * job.entries <= hardware.accumulator_depth for job in jobs)
    assert sum(job.load is not None for job in jobs) == 1


@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize("hardware", HARDWARES, ids=lambda h: f"S{h.array_size}")
@pytest.mark.parametrize(("operator", "shape"), CASES, ids=str)
def test_from_maps_to_a_part_of_maps(
    operator: Movement, shape: tuple[int, ...], hardware: Hardware, memory: bool
) -> None:
    """Both have frames; the output has channels of others before and after its own."""
    values = numbered(*shape)
    geometry = movement(operator, shape)
    maps, made = geometry.source, geometry.target
    framed = Layout(maps, maps.row_words + 3, head=5, tail=7, fill=0.0, base=11)
    pixel = made.words + 6
    whole = View(made.images, made.rows, made.columns, pixel)
    layout = Layout(whole, whole.row_words + 1, head=2, tail=3, fill=0.0, base=1500)
    buffer = in_buffer(framed, values.reshape(maps.images, maps.rows, maps.columns, -1), WORDS)
    words = np.full(WORDS, np.nan)
    target = Target("y", memory=memory, layout=layout, word=4, pixel=pixel)
    run(copies(geometry, Source("x", framed), target, hardware), values, buffer, words)
    wanted = operator._move([values], None).reshape(made.images, made.rows, made.columns, -1)
    places = [layout.at(*index) + 4 for index in np.ndindex(wanted.shape[:3])]
    got = np.array([buffer[place : place + made.words] for place in places])
    np.testing.assert_array_equal(got.reshape(wanted.shape), wanted)
    assert np.isfinite(buffer[layout.base :]).sum() == wanted.size, "nothing else is written"
    if memory:
        pixels = words[: whole.size].reshape(-1, pixel)[:, 4 : 4 + made.words]
        np.testing.assert_array_equal(pixels.reshape(wanted.shape), wanted)
        assert np.isfinite(words).sum() == wanted.size


def test_the_whole_output_in_maps_of_another_view() -> None:
    """A movement writes what readers see: here a matrix as maps of two rows."""
    layout = Layout(View(1, 2, 3, 4), 15, base=200)
    geometry = movement(Permute((1, 0)), (12, 2))
    buffer = np.full(WORDS, np.nan)
    values = numbered(12, 2)
    jobs = copies(geometry, Source("x", staging=(0, 64)), Target("y", False, layout), HARDWARES[1])
    run(jobs, values.reshape(-1), buffer, np.zeros(0))
    rows = np.array([buffer[layout.at(0, row, 0) :][:12] for row in range(2)])
    np.testing.assert_array_equal(rows, values.T)
