"""A softmax behind the last layer."""

from __future__ import annotations

from modelgen.passes.append_softmax import append_softmax
from tests.support.imported import operators
from tests.support.networks import perceptron


def test_append_softmax() -> None:
    graph = append_softmax(perceptron(1, [4, 2]))
    assert operators(graph) == ["linear", "softmax"]
    assert graph.outputs[0] == "softmax"
