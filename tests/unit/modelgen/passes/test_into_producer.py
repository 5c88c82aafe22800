"""Merging of layers into those before: of which layers, and which stay apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelgen.ir.graph import Graph, Node
from modelgen.operators import ByteTable, IntegerConv2d
from modelgen.passes.into_producer import into_producer
from tests.support.integer_graphs import IntegerGraph


def first_of_both(node: Node, before: Node) -> Node | None:
    is_table = isinstance(node.operator, ByteTable)
    return replace(before, output=node.output) if is_table else None


def everything(graph: Graph, node: Node) -> bool:
    return True


def test_a_chain_becomes_one_node() -> None:
    built = IntegerGraph(1, 6, 6, 4)
    graph = built.build(built.table(built.table(built.conv(built.table("x"), 4))))
    merged = into_producer(graph, first_of_both, everything)
    assert [type(node.operator) for node in merged.nodes] == [ByteTable, IntegerConv2d]
    assert merged.nodes[-1].output == graph.outputs[0]


def test_what_others_read_stays() -> None:
    built = IntegerGraph(1, 6, 6, 4)
    conv = built.conv("x", 4)
    graph = built.build(built.sum(built.table(conv), conv))
    assert into_producer(graph, first_of_both, everything).nodes == graph.nodes


@pytest.mark.parametrize("kind", [ByteTable, IntegerConv2d])
def test_what_a_target_does_not_run_stays(kind: type) -> None:
    built = IntegerGraph(1, 6, 6, 4)
    graph = built.build(built.table(built.conv("x", 4)))

    def others(_: Graph, node: Node) -> bool:
        return not isinstance(node.operator, kind)

    assert into_producer(graph, first_of_both, others).nodes == graph.nodes
