"""A target of one's own: an array of another geometry beside those that the SoC has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.hardware import Hardware
from modelgen.ir.execute_exact import run_node
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Linear
from modelgen.operators.base import Cut
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.targets.base import (
    Code,
    Executor,
    Layer,
    Lowered,
    Machine,
    Network,
    Pointers,
    Segment,
)
from modelgen.targets.cpu import Cpu
from modelgen.targets.systolic import Systolic
from modelgen.verify.golden import golden_outputs
from tests.support.compiled import inferences_of
from tests.support.graph_builder import GraphBuilder


@dataclass(frozen=True)
class Rectangle:
    """An array of rows x columns that computes linear layers, a row of values a cycle."""

    rows: int
    columns: int
    name: str = "rectangle"

    def supports(self, graph: Graph, node: Node) -> str | None:
        return None if isinstance(node.operator, Linear) else "no matrix product"

    def reason(self, node: Node) -> str:
        return "matrix product"

    def leaves_gaps(self, node: Node, *, in_words: bool) -> bool:
        return False

    def adapt(self, graph: Graph) -> Graph:
        return graph

    def rearrange(self, network: Network) -> Graph:
        return network.graph

    def lower(self, network: Network) -> Lowered:
        layers = {
            index: _Product(step.node, index, step.reason, *_sizes(network.graph, step.node))
            for index, step in enumerate(network.steps)
            if step.target == self.name
        }
        tensors = {t for layer in layers.values() for t in (*layer.node.inputs, layer.node.output)}
        return Lowered(layers, frozenset(map(network.buffer, tensors)))

    def cost(self, network: Network, segment: Segment) -> list[int | None]:
        cycles: list[int | None] = []
        for layer in segment.layers:
            assert isinstance(layer, _Product)
            tiles = math.ceil(layer.words / self.rows) * math.ceil(layer.outputs / self.columns)
            cycles.append(tiles * max(layer.inputs, self.rows))
        return cycles

    def describe(self, network: Network, layer: Layer, cycles: int | None) -> dict[str, Any]:
        assert isinstance(layer, _Product)
        macs = layer.inputs * layer.words * layer.outputs
        limit = macs / (self.rows * self.columns)
        return {
            "op": layer.node.operator.describe(),
            "macs": macs,
            "macs_per_cycle": self.rows * self.columns,
            "weight_bytes": layer.words * layer.outputs,
            "limit_cycles": limit,
            "streaming_limit_cycles": limit,
            "depthwise_cycles": 0.0,
        }

    def executor(self, network: Network, segments: Sequence[Segment], machine: Machine) -> Executor:
        return _Executor(network.graph, machine, Cut(self.rows))

    def emit(self, network: Network, segments: Sequence[Segment], pointers: Pointers) -> Code:
        return Code()


@dataclass(frozen=True)
class _Product(Layer):
    inputs: int
    words: int
    outputs: int


def _sizes(graph: Graph, node: Node) -> tuple[int, int, int]:
    outputs, words = graph.arrays(node)["weight"].shape
    return graph.tensors[node.inputs[0]].size // words, words, outputs


class _Executor:
    def __init__(self, graph: Graph, machine: Machine, cut: Cut) -> None:
        self._graph, self._machine, self._cut = graph, machine, cut
        self.inferences = 0

    def begin(self) -> None:
        self.inferences += 1

    def run(self, segment: Segment) -> None:
        for layer in segment.layers:
            inputs = [self._machine.read(name) for name in layer.node.inputs]
            result = run_node(self._graph, layer.node, inputs, self._cut)
            self._machine.write(layer.node.output, result)


def network() -> Graph:
    """A convolution, two linear layers, and a softmax."""
    builder = GraphBuilder(2, 6, 5, 3)
    last = builder.flatten(builder.conv("x", 8, low=0.0))
    last = builder.linear(builder.linear(last, 40, low=0.0), 10)
    return builder.build(builder.softmax(last))


def test_each_layer_runs_on_the_first_target_that_supports_it() -> None:
    hardware = Hardware()
    targets = (Rectangle(8, 32), Systolic(hardware), Cpu())
    program = compile_graph(network(), hardware, targets)
    assert [segment.target for segment in program.segments] == ["engine", "rectangle", "cpu"]
    reasons = {layer.node.operator.name: layer.reason for layer in program.layers}
    assert reasons == {
        "conv2d": "no matrix product",
        "linear": "matrix product",
        "softmax": "no matrix product",
    }
    golden_outputs(program, inferences_of(program.graph))


def test_a_target_gives_its_own_cycles() -> None:
    """2 x 240 x 40 and 2 x 40 x 10 multiplications, by the formula above."""
    hardware = Hardware()
    cycles = []
    for array in (Rectangle(8, 32), Rectangle(8, 8), Rectangle(16, 4)):
        program = compile_graph(network(), hardware, (array, Systolic(hardware), Cpu()))
        layers = describe(program)["layers"]
        assert [layer["place"] for layer in layers] == ["engine", "rectangle", "rectangle", "cpu"]
        cycles.append([layer["predicted_cycles"] for layer in layers[1:3]])
    assert cycles == [[30 * 2 * 8, 5 * 8], [30 * 5 * 8, 5 * 2 * 8], [15 * 10 * 16, 3 * 3 * 16]]


def test_everything_that_no_target_supports_is_refused_with_all_reasons() -> None:
    with pytest.raises(ModelError, match=r"'conv2d0' \(conv2d\).*no matrix product; .*no kernel"):
        compile_graph(network(), Hardware(), (Rectangle(8, 8), Cpu()))


def test_values_are_those_of_the_engine() -> None:
    hardware = Hardware()
    program = compile_graph(network(), hardware, (Rectangle(8, 32), Systolic(hardware), Cpu()))
    batches = inferences_of(program.graph)
    alone = golden_outputs(compile_graph(network(), hardware), batches)
    np.testing.assert_allclose(golden_outputs(program, batches), alone, atol=1e-6)
