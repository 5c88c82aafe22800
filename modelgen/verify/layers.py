"""Each layer's bits on the device against PyTorch's result for the same inputs.

A bound that is propagated through a network grows from layer to layer, because it holds for the
worst weights. Here each layer is compared alone, so that no other layer widens its bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from modelgen.agreement import agrees
from modelgen.ir import execute, execute_exact
from modelgen.ir.graph import Node
from modelgen.ir.packing import unpack_inputs
from modelgen.ir.tolerance import SMALLEST, exact, propagate
from modelgen.operators.base import Cut
from modelgen.plan.program import Program
from modelgen.targets.systolic.jobs import EngineLayer


@dataclass(frozen=True)
class Difference:
    """A layer whose result differs from PyTorch's by more than its bound."""

    node: Node
    got: float
    """The device's first value that differs."""
    wanted: float
    allowed: float

    def __str__(self) -> str:
        """Say which layer differs, and by how much."""
        return (
            f"layer '{self.node.name}' ({self.node.operator.name}) gives {self.got:.9g} instead of "
            f"{self.wanted:.9g} for the inputs that it has on the device (allowed: "
            f"{self.allowed:.2g})"
        )


def differing_layers(program: Program, row: np.ndarray) -> Iterator[Difference]:
    """Yield the layers whose results for one inference differ from PyTorch's.

    Args:
        program: a compiled network.
        row: FP32, the inputs of the inference; see `modelgen.ir.packing`.
    """
    graph = program.graph
    size = program.hardware.array_size
    slices = {
        layer.node.output: layer.slices
        for layer in program.layers
        if isinstance(layer, EngineLayer)
    }
    values = {name: graph.constants[name] for name in graph.constant_tensors}
    values |= unpack_inputs(graph, row)
    for node in graph.nodes:
        inputs = [values[name] for name in node.inputs]
        got = execute_exact.run_node(graph, node, inputs, Cut(size, slices.get(node.output)))
        wanted = execute.run_node(graph, node, inputs)
        _, error = propagate(graph, node, [exact(value) for value in inputs])
        allowed = error + SMALLEST
        good = agrees(got, wanted, allowed)
        if not good.all():
            place = tuple(np.argwhere(~good)[0])
            yield Difference(node, got[place], wanted[place], allowed[place])
        values[node.output] = got
