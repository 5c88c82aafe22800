"""Layers whose result nobody reads."""

from __future__ import annotations

from modelgen.ir.graph import Node, Tensor
from modelgen.operators import Pointwise
from modelgen.passes.drop_unused import drop_unused
from tests.support.networks import perceptron


def test_drop_unused() -> None:
    graph = perceptron(1, [4, 3, 2])
    aside = Node("aside", Pointwise(), ("x",), "aside")
    tensors = {**graph.tensors, "aside": Tensor("aside", (1, 4))}
    assert drop_unused(graph.with_nodes([aside, *graph.nodes], tensors=tensors)) == graph
