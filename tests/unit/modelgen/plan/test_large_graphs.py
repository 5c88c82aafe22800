"""Graphs of thousands of nodes: no recursion, and nothing that compares all nodes with all others.

Not timed: with a pass that starts again after each change, these tests would not end.
"""

from __future__ import annotations

import numpy as np

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import Conv2d, Elementwise, Operator, Pointwise
from modelgen.operators.epilogue import Epilogue
from modelgen.operators.window import Window
from modelgen.passes.simplify import simplify
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.quantize.weights import quantize
from modelgen.targets.systolic import Systolic
from modelgen.verify.golden import golden_outputs

NODES = 3000
CHANNELS = 4
HARDWARE = Hardware(array_size=4, memory_bytes=64 << 20)


class Builder:
    """Layers one after another; all tensors have the same shape."""

    def __init__(self, rows: int, columns: int) -> None:
        self.shape = (1, rows, columns, CHANNELS)
        self.tensors = {"x": Tensor("x", self.shape)}
        self.nodes: list[Node] = []
        self.constants: dict[str, np.ndarray] = {}
        self.random = np.random.default_rng(0)
        self.last = "x"

    def add(self, operator: Operator, *others: str, **sizes: tuple[int, ...]) -> None:
        """Append a layer that reads the last one and others; `sizes` has those of its constants."""
        name = f"node{len(self.nodes)}"
        for role, size in sizes.items():
            values = self.random.uniform(0.1, 0.2, size)
            self.constants[f"{name}.{role}"] = values.astype(np.float32)
        roles = {role: f"{name}.{role}" for role in sizes}
        self.nodes.append(Node(name, operator, (self.last, *others), name, roles))
        self.tensors[name] = Tensor(name, self.shape)
        self.last = name

    def build(self) -> Graph:
        return Graph(("x",), (self.last,), 1, tuple(self.nodes), self.tensors, self.constants)


def deep(rows: int, columns: int) -> Graph:
    """Return residual blocks of convolution, normalization, sum and ReLU; some end in a sine."""
    graph = Builder(rows, columns)
    convolution = Conv2d(Window((3, 3), padding=(1, 1, 1, 1)))
    channels = (CHANNELS,)
    while len(graph.nodes) < NODES:
        skip = graph.last
        for _ in range(2):
            graph.add(convolution, weight=(CHANNELS, 3, 3, CHANNELS))
            graph.add(Pointwise(), scale=channels, bias=channels)
        graph.add(Pointwise(Epilogue(residual=True)), skip)
        graph.add(Pointwise(Epilogue(low=0.0)))
        if len(graph.nodes) % 50 < 6:
            graph.add(Elementwise("sin"))
    return graph.build()


def test_layers_by_the_thousand() -> None:
    graph = deep(4, 2)
    assert len(graph.nodes) >= NODES
    quantized = quantize(simplify(graph))
    program = compile_graph(quantized, HARDWARE)
    fused = [node for node in program.graph.nodes if isinstance(node.operator, Conv2d)]
    assert not any(isinstance(node.operator, Pointwise) for node in program.graph.nodes)
    assert sum(len(node.fused) + 1 for node in fused) >= 0.9 * NODES
    assert program.arena.size == program.arena.lower_bound
    assert describe(program)["predicted_cycles"] > 0
    outputs = golden_outputs(program, np.ones((1, *graph.tensors["x"].shape), np.float32))
    assert np.isfinite(outputs).all()


def test_thousands_of_maps_that_do_not_fit_the_buffer_together() -> None:
    """Each fits alone; where two are needed, one of them is moved to memory."""
    graph = deep(64, 160)
    program = compile_graph(quantize(simplify(graph)), HARDWARE)
    buffer = program.scratchpads[Systolic.name]
    assert buffer.size <= HARDWARE.buffer_words < 2 * graph.tensors["x"].size
    streamed = [region for region in buffer.regions if region.name.startswith("staging")]
    assert len(streamed) > NODES // 20
