"""Each layer of a compiled network against PyTorch, for the inputs that it has on the device."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.hardware import Hardware
from modelgen.ir.execute import run_node
from modelgen.ir.graph import Node
from modelgen.operators import Linear
from modelgen.plan.compiler import compile_graph
from modelgen.plan.program import Program
from modelgen.verify import layers
from modelgen.verify.layers import differing_layers
from tests.support.compiled import inputs_of
from tests.support.graph_builder import GraphBuilder


def chain() -> tuple[Program, np.ndarray]:
    """Three layers of K = 64, and inputs."""
    builder = GraphBuilder(1, 64)
    first = builder.linear("x", 64)
    graph = builder.build(builder.linear(builder.linear(first, 64), 64))
    return compile_graph(graph, Hardware(array_size=4)), inputs_of(graph)


def test_right_layers_do_not_differ() -> None:
    program, values = chain()
    assert not list(differing_layers(program, values))


def test_a_wrong_layer_is_named_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even by less than what the layers before it could explain; later ones get its results."""
    program, values = chain()
    wrong = program.graph.nodes[1]

    def run(graph: object, node: Node, inputs: list[np.ndarray]) -> np.ndarray:
        right = run_node(program.graph, node, inputs)
        return right + np.float32(2.0**-16) * np.abs(right).max() * (node is wrong)

    monkeypatch.setattr(layers.execute, "run_node", run)
    (found,) = differing_layers(program, values)
    assert found.node is wrong
    assert f"layer '{wrong.name}' (linear) gives" in str(found)


def test_slices_are_those_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bits depend on where sums are cut."""
    program, values = chain()
    seen = []
    original = Linear.evaluate_exact

    def spy(self: Linear, inputs: object, constants: object, cut: object) -> np.ndarray:
        seen.append(cut)
        return original(self, inputs, constants, cut)

    monkeypatch.setattr(Linear, "evaluate_exact", spy)
    list(differing_layers(program, values))
    assert [cut.array_size for cut in seen] == [4, 4, 4]
    assert all(cut.slices is not None for cut in seen)


def test_outputs_of_which_nothing_is_known_agree() -> None:
    program, values = chain()
    values = values.copy()
    values.flat[3] = np.inf
    assert not list(differing_layers(program, values))
