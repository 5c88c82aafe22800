"""The engine as a target: what it supports, adapts, and predicts."""

from __future__ import annotations

from torch import nn

from modelgen.hardware import Hardware
from modelgen.passes.simplify import simplify
from modelgen.plan.compiler import compile_graph
from modelgen.quantize.weights import quantize
from modelgen.targets.systolic import Systolic
from tests.support.graph_builder import GraphBuilder
from tests.support.imported import maps, operators

ENGINE = Systolic(Hardware(array_size=4, accumulator_depth=16))


def test_a_reason_for_both_answers() -> None:
    builder = GraphBuilder(1, 6)
    graph = builder.build(builder.softmax(builder.linear("x", 4)))
    linear, softmax = graph.nodes
    assert ENGINE.supports(graph, linear) is None
    assert ENGINE.reason(linear) == "matrix product"
    assert "exponentials" in (ENGINE.supports(graph, softmax) or "")


def test_rows_with_gaps_where_nothing_is_added() -> None:
    builder = GraphBuilder(1, 6, 6, 4)
    first = builder.conv("x", 4)
    graph = builder.build(builder.conv("x", 4, residual=first))
    assert [ENGINE.leaves_gaps(node, in_words=True) for node in graph.nodes] == [True, False]
    assert not ENGINE.leaves_gaps(graph.nodes[0], in_words=False)


def test_poolings_that_the_accumulators_do_not_hold_are_split_off() -> None:
    graph = quantize(simplify(maps(nn.Conv2d(3, 4, 2, 1, 1, bias=False), nn.MaxPool2d((4, 4)))))
    assert operators(ENGINE.adapt(graph)) == ["conv2d", "max_pool2d"]
    assert operators(Systolic(Hardware(accumulator_depth=1024)).adapt(graph)) == ["conv2d"]


def test_each_layer_of_a_chain_has_its_cycles() -> None:
    builder = GraphBuilder(1, 16)
    graph = builder.build(builder.linear(builder.linear("x", 64), 4))
    hardware = Hardware(array_size=4)
    program = compile_graph(graph, hardware)
    (segment,) = program.segments
    first, second = Systolic(hardware).cost(program.network, segment)
    assert first is not None and second is not None and first > 16 * 64 // 16
    entry = Systolic(hardware).describe(program.network, segment.layers[1], second)
    assert (entry["op"], entry["macs"]) == ("linear", 256)
