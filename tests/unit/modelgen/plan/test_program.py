"""Programs: their layers in order, by target, and how large their constants are."""

from __future__ import annotations

from modelgen.hardware import Hardware
from modelgen.plan.compiler import compile_graph
from tests.support.graph_builder import GraphBuilder


def test_layers_of_several_targets() -> None:
    builder = GraphBuilder(1, 16)
    hidden = builder.softmax(builder.linear("x", 8))
    graph = builder.build(builder.linear(hidden, 4))
    hardware = Hardware(array_size=4)
    program = compile_graph(graph, hardware)
    engine, cpu = program.targets
    assert [segment.target for segment in program.segments] == ["engine", "cpu", "engine"]
    assert program.segments_of(engine) == [program.segments[0], program.segments[2]]
    assert program.segments_of(cpu) == [program.segments[1]]
    assert [layer.index for layer in program.layers] == [0, 1, 2]
    assert program.hardware is hardware and program.graph.outputs[0] == graph.outputs[0]
    assert program.constant_bytes == sum(len(data) for data in program.sections.values()) > 0
