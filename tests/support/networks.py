"""Small graphs for tests."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, pairwise

import numpy as np

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import AvgPool2d, Linear, Operator, Pointwise, Softmax
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.simplify import simplify
from modelgen.quantize.weights import quantize
from modelgen.verify.random_modules import draw, fill, make_class
from tests.support.graph_builder import GraphBuilder


def perceptron(
    batch: int,
    sizes: Sequence[int],
    *,
    relu: Sequence[bool] | None = None,
    softmax: bool = False,
    seed: int = 0,
) -> Graph:
    """Return a float graph of linear layers; `relu` says which of them a ReLU follows."""
    generator = np.random.default_rng(seed)
    relu = relu or [True] * (len(sizes) - 2) + [False]
    tensors = {"x": Tensor("x", (batch, sizes[0]))}
    constants: dict[str, np.ndarray] = {}
    nodes: list[Node] = []
    last = "x"

    def add(
        name: str, operator: Operator, columns: int, constants: dict[str, str] | None = None
    ) -> None:
        nonlocal last
        tensors[name] = Tensor(name, (batch, columns))
        nodes.append(Node(name, operator, (last,), name, constants or {}))
        last = name

    for index, (words, columns) in enumerate(pairwise(sizes)):
        name = f"fc{index}"
        constants[f"{name}.weight"] = generator.standard_normal((columns, words)).astype(np.float32)
        constants[f"{name}.bias"] = generator.standard_normal(columns).astype(np.float32)
        roles = {"weight": f"{name}.weight", "bias": f"{name}.bias"}
        add(name, Linear(), columns, roles)
        if relu[index]:
            add(f"relu{index}", Pointwise(Epilogue(low=0.0)), columns)
    if softmax:
        add("softmax", Softmax(), sizes[-1])
    return Graph(("x",), (last,), batch, tuple(nodes), tensors, constants)


def bits(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32).view(np.uint32)


def random_network(seed: int) -> Graph:
    """Return the quantized graph of the first random module from a seed on that is supported."""
    for number in count(seed):
        module = draw(number)
        model = make_class(module)()
        fill(model, number)
        try:
            graph = simplify(import_model(model, module.features, module.batch))
        except ModelError:
            continue
        if any(node.operator.takes_time for node in graph.nodes):
            return quantize(graph)
    raise AssertionError("count() ends")


def resnet8(batch: int = 1) -> Graph:
    """Return the MLPerf Tiny image-classification network."""
    graph = GraphBuilder(batch, 32, 32, 3)
    relu = {"low": 0.0}
    last = graph.conv("x", 16, **relu)
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        inner = graph.conv(last, channels, stride=(stride, stride), **relu)
        skip = last
        if stride > 1:
            skip = graph.conv(last, channels, (1, 1), (stride, stride), (0, 0, 0, 0))
        last = graph.conv(inner, channels, residual=skip, **relu)
    last = graph.pool(AvgPool2d, last, (8, 8), (8, 8))
    return graph.build(graph.softmax(graph.linear(graph.flatten(last), 10)))


def vgg6() -> Graph:
    graph = GraphBuilder(1, 32, 32, 3)
    relu = {"low": 0.0}
    last = "x"
    for channels, pool in ((32, 1), (32, 2), (64, 1), (64, 2), (128, 1), (128, 1)):
        last = graph.conv(last, channels, pool=(pool, pool), **relu)
    return graph.build(graph.softmax(graph.linear(graph.flatten(last), 10)))


def dscnn() -> Graph:
    graph = GraphBuilder(1, 49, 10, 1)
    relu = {"low": 0.0}
    last = graph.conv("x", 64, (10, 4), (2, 2), (5, 5, 1, 1), **relu)
    for _ in range(4):
        last = graph.conv(last, 0, depthwise=True, **relu)
        last = graph.conv(last, 64, (1, 1), padding=(0, 0, 0, 0), **relu)
    _, rows, columns, _ = graph.shape(last)
    last = graph.pool(AvgPool2d, last, (rows, columns), (rows, columns))
    return graph.build(graph.softmax(graph.linear(graph.flatten(last), 12)))


def cifar10() -> Graph:
    graph = GraphBuilder(1, 26, 26, 3)
    relu = {"low": 0.0}
    last = graph.conv("x", 16, (5, 5), padding=(0, 0, 0, 0), **relu)
    last = graph.conv(last, 24, padding=(0, 0, 0, 0), pool=(2, 2), **relu)
    last = graph.conv(last, 6, (4, 4), padding=(0, 0, 0, 0), **relu)
    return graph.build(graph.softmax(graph.linear(graph.flatten(last), 10)))
