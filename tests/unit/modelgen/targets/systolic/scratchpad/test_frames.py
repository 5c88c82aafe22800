"""Frames of padding are filled before they are read, and again when others were there."""

from __future__ import annotations

import pytest

from modelgen.hardware import Hardware
from modelgen.plan.compiler import compile_graph
from modelgen.verify.golden import golden_outputs
from tests.support.compiled import inferences_of
from tests.support.graph_builder import GraphBuilder


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
