"""Layers that make residual operands come early."""

from __future__ import annotations

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.passes.operands_first import operands_first
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from tests.support import networks
from tests.support.graph_builder import GraphBuilder
from tests.support.imported import check_same


def names(graph: Graph) -> list[str]:
    return [node.name for node in graph.nodes]


def test_a_shortcut_comes_when_its_input_is_there() -> None:
    graph = GraphBuilder(1, 8, 6, 3)
    start = graph.conv("x", 8)
    first = graph.conv(start, 8)
    shortcut = graph.conv(start, 8, (1, 1), padding=(0, 0, 0, 0))
    built = graph.build(graph.conv(first, 8, residual=shortcut))
    moved = operands_first(built)
    assert names(moved) == [start, shortcut, first, built.outputs[0]]
    check_same(built, moved)


def test_what_is_not_only_an_operand_stays() -> None:
    graph = GraphBuilder(1, 8, 8, 4)
    start = graph.conv("x", 8)
    first = graph.conv(start, 8)
    other = graph.conv(start, 8)
    last = graph.conv(graph.conv(first, 8, residual=other), 8, residual=first)
    also_read = graph.build(graph.conv(other, 8, residual=last))
    assert names(operands_first(also_read)) == names(also_read)


def test_the_engine_takes_operands_first() -> None:
    """So that their storing hides behind the other branch."""
    program = compile_graph(networks.resnet8(), Hardware(array_size=16))
    layers = describe(program)["layers"]
    shapes = [layer["op"].split(",")[0] for layer in layers[:9]]
    assert shapes.index("conv 1x1") == 3
