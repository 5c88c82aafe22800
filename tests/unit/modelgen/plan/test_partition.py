"""Which target computes a layer, and the reason that is given."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from modelgen.errors import ModelError
from modelgen.ir.graph import Graph, Node
from modelgen.plan.partition import partition
from tests.support.graph_builder import GraphBuilder


@dataclass(frozen=True)
class Only:
    """A target that computes some operators."""

    name: str
    operators: tuple[str, ...]

    def supports(self, graph: Graph, node: Node) -> str | None:
        return None if node.operator.name in self.operators else f"{self.name} lacks it"

    def reason(self, node: Node) -> str:
        return f"{self.name} has it"


@pytest.fixture
def graph() -> Graph:
    builder = GraphBuilder(1, 4)
    return builder.build(builder.softmax(builder.flatten(builder.linear("x", 3))))


def test_the_first_target_that_can_computes_a_layer(graph: Graph) -> None:
    targets = Only("a", ("linear",)), Only("b", ("linear", "softmax"))
    steps = partition(graph, targets)
    assert [(step.node.operator.name, step.target) for step in steps] == [
        ("linear", "a"),
        ("softmax", "b"),
    ], "what takes no time is nobody's"


def test_the_reason_is_what_the_best_target_lacks(graph: Graph) -> None:
    targets = Only("a", ("linear",)), Only("b", ()), Only("c", ("softmax",))
    assert [step.reason for step in partition(graph, targets)] == ["a has it", "a lacks it"]


def test_a_layer_that_nothing_computes(graph: Graph) -> None:
    with pytest.raises(ModelError, match=r"'softmax2' \(softmax\) .*: a lacks it; b lacks it\."):
        partition(graph, (Only("a", ("linear",)), Only("b", ())))


def test_nothing_to_compute() -> None:
    builder = GraphBuilder(1, 2, 2)
    with pytest.raises(ModelError, match="no layer that computes anything"):
        partition(builder.build(builder.flatten("x")), (Only("a", ()),))
