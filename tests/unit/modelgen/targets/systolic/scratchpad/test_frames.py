"""Frames of padding are filled before they are read, and again when others were there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.plan.compiler import compile_graph
from modelgen.targets.systolic.scratchpad.frames import fill_frames
from modelgen.targets.systolic.tiling.cut import frames
from modelgen.verify.golden import golden_outputs
from tests.support.compiled import inferences_of
from tests.support.graph_builder import GraphBuilder
from tests.support.layers import load


def test_a_frame_is_filled_again_after_others_streamed_through_it() -> None:
    graph = GraphBuilder(1, 8, 8, 8)
    last = "x"
    for channels in (100, 100, 100, 8, 8, 60, 100, 100, 100, 8, 8, 8):
        last = graph.conv(last, channels)
    built = graph.build(last)
    golden_outputs(compile_graph(built, Hardware(buffer_words=2048)), inferences_of(built))


def test_a_program_that_reads_what_it_has_not_written_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same without the frame: the message has the seed, which gives the same again."""
    monkeypatch.setattr("modelgen.targets.systolic.layers.fill_frames", lambda layers, *_: layers)
    graph = GraphBuilder(1, 6, 6, 4)
    built = graph.build(graph.conv(graph.conv("x", 4), 4))
    program = compile_graph(built, Hardware())
    wrong = (
        r"^the compiled program is wrong: descriptor \d+: it reads buffer word \d+, which nothing "
        r"has written \(memories filled with seed \d+\)$"
    )
    with pytest.raises(AssertionError, match=wrong):
        golden_outputs(program, inferences_of(built))


def convolutions(count: int, *shape: int) -> Graph:
    """Return padded convolutions one after another, each with as many channels as the input."""
    graph = GraphBuilder(*shape)
    last = "x"
    for _ in range(count):
        last = graph.conv(last, shape[-1])
    return graph.build(last)


@pytest.fixture
def unfilled(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives what the compiler passes to fill_frames(): layers, their maps, the buffer's plan."""

    def arguments(graph: Graph) -> tuple[dict[int, Any], Any, Any]:
        calls = []

        def note(*given: Any) -> Any:
            calls.append(given)
            return given[0]

        monkeypatch.setattr("modelgen.targets.systolic.layers.fill_frames", note)
        compile_graph(graph, Hardware())
        return calls[0]

    return arguments


def fills(layer: Any) -> list[Any]:
    """Return what a layer's jobs fill without loading anything."""
    loads = [job.load for job in layer.jobs if job.load is not None]
    return [load for load in loads if load.source is None]


def with_loads(layer: Any, load: Any) -> Any:
    """Return a layer in which all load stages are free, or taken by a load."""
    return replace(layer, jobs=tuple(replace(job, load=load) for job in layer.jobs))


def test_the_second_job_of_the_layer_that_makes_a_map_fills_its_frame(unfilled: Any) -> None:
    """Nothing that was in its place is still read by then."""
    layers, maps, residency = unfilled(convolutions(2, 1, 8, 8, 8))
    free = {index: with_loads(layer, None) for index, layer in layers.items()}
    made, reader = fill_frames(free, maps, residency).values()
    assert [job.load for job in made.jobs[:2]] == [None, *frames(maps[0].layout)]
    assert len(fills(made)) == 1 and fills(reader) == []


def test_the_next_layer_does_it_where_no_load_stage_is_free(unfilled: Any) -> None:
    layers, maps, residency = unfilled(convolutions(2, 1, 8, 8, 8))
    assert all(job.load is not None for job in layers[0].jobs)
    made, reader = fill_frames(layers, maps, residency).values()
    assert made == layers[0]
    assert [reader.jobs[0].load] == frames(maps[0].layout)
    assert len(fills(reader)) == 1


def test_a_job_of_its_own_does_it_where_nobody_else_can(unfilled: Any) -> None:
    """It comes first, stores nothing, and computes a word that the frame has."""
    layers, maps, residency = unfilled(convolutions(2, 1, 8, 8, 8))
    busy = {0: layers[0], 1: with_loads(layers[1], layers[0].jobs[0].load)}
    made, reader = fill_frames(busy, maps, residency).values()
    assert made.jobs[1:] == layers[0].jobs and reader == busy[1]
    idle = made.jobs[0]
    assert [idle.load] == frames(maps[0].layout)
    assert idle.store is None and idle.first and idle.weights is None
    buffer = np.full(Hardware().buffer_words, np.nan)
    load(idle.load, np.zeros(0), buffer)
    assert idle.entries == 1 and buffer[idle.compute.base] == 0.0


def test_each_map_of_a_batch_has_a_frame(unfilled: Any) -> None:
    layers, maps, residency = unfilled(convolutions(2, 3, 8, 8, 8))
    filled = fill_frames(layers, maps, residency)
    made = [fill for layer in filled.values() for fill in fills(layer)]
    assert sorted(fill.base for fill in made) == [fill.base for fill in frames(maps[0].layout)]
    assert len(made) == 3


def test_a_frame_in_the_place_of_the_same_frame_is_there_already(unfilled: Any) -> None:
    """Maps take turns in two places; each frame is filled once."""
    layers, maps, residency = unfilled(convolutions(6, 1, 8, 8, 8))
    places = {made.layout.base for made in maps.values()}
    assert len(maps) == 5 and len(places) < len(maps)
    filled = fill_frames(layers, maps, residency)
    made = [fill for layer in filled.values() for fill in fills(layer)]
    assert sorted(fill.base for fill in made) == sorted(places)
