"""Fences: the words that jobs touch, and the lowest level that keeps jobs apart which meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelgen.hardware import Hardware
from modelgen.operators.window import Window
from modelgen.plan.compiler import compile_graph
from modelgen.targets.systolic.abi import Fence
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.hazards import Words, fence, footprint
from modelgen.targets.systolic.scratchpad.layout import Layout
from modelgen.targets.systolic.tiling.cut import Source, Target, Tiling, cut, with_accumulators
from tests.support.compiled import SEEDS, chains_of, hardwares
from tests.support.graph_builder import GraphBuilder
from tests.support.layers import convolution, load, product, read
from tests.support.networks import random_network
from tests.support.overlap import check_fences

HARDWARE = Hardware(array_size=4)
STREAMED = Source("x", staging=(0, 4096))
TO_MEMORY = Target("y", memory=True)


@settings(max_examples=50, deadline=None)
@given(SEEDS, hardwares())
def test_fences_suffice(seed: int, hardware: Hardware) -> None:
    graph = random_network(seed)
    for chain in chains_of(compile_graph(graph, hardware), graph):
        check_fences(chain[:150], hardware.array_size)


def test_no_fence_is_idle() -> None:
    """Every fence of some networks is needed at its level."""
    found = set()
    for seed in range(12):
        graph = random_network(seed)
        hardware = Hardware(buffer_words=4096, accumulator_depth=64)
        for chain in chains_of(compile_graph(graph, hardware), graph):
            for i, job in enumerate(chain[:60]):
                if job.fence:
                    found.add(job.fence)
                    weaker = replace(job, fence=Fence(job.fence - 1))
                    with pytest.raises(AssertionError, match="may meet"):
                        check_fences([*chain[:i], weaker], hardware.array_size)
    assert Fence.ALL in found


def words_of(stretches: Iterable[Words]) -> set[int]:
    return {
        int(start) + word
        for stretch in stretches
        for start in stretch.starts
        for word in range(stretch.length)
    }


stretches = st.builds(
    lambda starts, length: Words(np.array(sorted(starts), int), length),
    st.sets(st.integers(0, 30), max_size=4),
    st.integers(0, 4),
)


@settings(max_examples=300, deadline=None)
@given(stretches, st.lists(stretches, max_size=2))
def test_stretches_meet_if_they_have_a_word_in_common(one: Words, others: list[Words]) -> None:
    assert one.meets(others) == bool(words_of([one]) & words_of(others))


def test_stretches_side_by_side_do_not_meet() -> None:
    outer, inner = Words(np.array([0, 8]), 4), Words(np.array([4]), 4)
    assert not outer.meets([inner]) and not inner.meets([outer])
    assert outer.meets([Words(np.array([4]), 5)])


def jobs_of(geometry: Geometry, source: Source, target: Target, *heights: int) -> list[Any]:
    """Return jobs of blocks of rows, with accumulators."""
    kernel = geometry.y.kernel, geometry.x.kernel
    tiles = -(-geometry.outputs // HARDWARE.array_size)
    tiling = Tiling(heights, geometry.target.columns, (tiles,), kernel, geometry.words, False)
    made = cut(geometry, source, target, tiling, HARDWARE)
    return with_accumulators(made.jobs, 0, HARDWARE)


@pytest.mark.parametrize("pool", [(1, 1), (2, 2)], ids=str)
def test_the_words_that_a_job_touches(pool: tuple[int, int]) -> None:
    window = Window((3, 3), padding=(1, 1, 1, 1))
    geometry = convolution((1, 8, 6, 5), 7, window, pool=pool)
    layout = Layout(geometry.target, pitch=80, head=3, base=2000)
    target = Target("y", memory=True, layout=layout, residual="r")
    rows = geometry.target.rows
    for job in jobs_of(geometry, STREAMED, target, 2, rows - 2):
        found = footprint(job, HARDWARE.array_size, reports=True)
        buffer = np.full(4096, np.nan)
        load(job.load, np.zeros(geometry.source.size), buffer)
        assert words_of(found.loads_to) == set(np.flatnonzero(~np.isnan(buffer)))
        assert words_of([found.reads]) == set(read(job.compute, np.arange(4096)).reshape(-1))
        assert found.entries == range(job.accumulator, job.accumulator + job.entries)
        y, x, channel = np.ogrid[: job.store.rows, : job.store.columns, : job.outputs]
        places = job.store.buffer + y * job.store.step_y + x * job.store.step_x + channel
        assert words_of(found.stores_to_buffer) == set(places.reshape(-1))
        offset = job.store.memory.offset // 4
        places = offset + (y * job.store.pitch_y + x * job.store.pitch_x) // 4 + channel
        for tensor, (name, words) in (("y", found.stores_to_memory), ("r", found.adds)):
            assert (name, words_of([words])) == (tensor, set(places.reshape(-1)))


def test_the_words_that_are_loaded_from_memory() -> None:
    geometry = convolution((1, 8, 6, 5), 7, Window((1, 1), stride=(2, 3)))
    places = np.arange(8 * 6 * 5).reshape(8, 6, 5)[::2, ::3]
    jobs = jobs_of(geometry, STREAMED, TO_MEMORY, 1, 3)
    for job, rows in zip(jobs, (places[:1], places[1:]), strict=True):
        tensor, words = footprint(job, HARDWARE.array_size, reports=True).loads_from
        assert (tensor, words_of([words])) == ("x", set(rows.reshape(-1)))


def fences_of(*jobs: Any) -> list[Fence]:
    """Return the fences that jobs get as one layer of a chain."""
    graph = GraphBuilder(1, 8)
    layer = compile_graph(graph.build(graph.linear("x", 8)), HARDWARE).layers[0]
    (fenced,) = fence([replace(layer, jobs=jobs)], HARDWARE.array_size)
    return [job.fence for job in fenced.jobs]


def three_jobs() -> list[Any]:
    """Jobs that load to different places, and store to memory."""
    jobs = jobs_of(product(12, 4, 4), STREAMED, TO_MEMORY, 4, 4, 4)
    bases = 0, 1000, 2000
    return [
        replace(job, load=replace(job.load, base=base), compute=replace(job.compute, base=base))
        for job, base in zip(jobs, bases, strict=True)
    ]


def test_jobs_that_have_nothing_in_common_need_no_fence() -> None:
    assert fences_of(*three_jobs()) == [Fence.NONE] * 3


def loading_from(job: Any, other: Any) -> Any:
    """Return a job that loads what another one stores."""
    return replace(job, load=replace(job.load, source=other.store.memory))


def test_what_the_job_before_stores_is_loaded_after_all_stores() -> None:
    first, second, third = three_jobs()
    fences = fences_of(first, loading_from(second, first), third)
    assert fences == [Fence.NONE, Fence.ALL, Fence.NONE]


def test_what_an_earlier_job_stores_is_loaded_after_all_stores_but_the_last() -> None:
    first, second, third = three_jobs()
    fences = fences_of(first, second, loading_from(third, first))
    assert fences == [Fence.NONE, Fence.NONE, Fence.ALL_BUT_LAST]


def test_words_that_the_job_before_reads_are_loaded_when_it_has_been_computed() -> None:
    first, second, third = three_jobs()
    same = replace(second, load=first.load, compute=first.compute)
    assert fences_of(first, same, third)[1] == Fence.ALL
    assert fences_of(first, second, replace(third, load=first.load))[2] == Fence.NONE


def test_sums_are_overwritten_when_they_have_been_stored() -> None:
    first, second, third = three_jobs()
    assert first.accumulator == third.accumulator != second.accumulator
    assert fences_of(first, replace(second, accumulator=first.accumulator))[1] == Fence.ALL


def test_a_job_that_stores_over_what_it_reads_is_a_bug_of_the_compiler() -> None:
    first, *_ = three_jobs()
    over = replace(first, store=replace(first.store, buffer=first.compute.base))
    with pytest.raises(AssertionError, match="overwrites the words that it reads"):
        fences_of(over)
