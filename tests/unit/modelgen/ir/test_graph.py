"""Graphs: tensors as matrices, who writes and reads a tensor, and graphs with fewer nodes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Contract, ElementType, Graph, Node, Tensor
from modelgen.operators import Pointwise
from modelgen.operators.epilogue import Epilogue


def chain(*names: str) -> Graph:
    """Activations one after another; each has a constant of its own."""
    tensors = {name: Tensor(name, (1, 4)) for name in ("x", *names)}
    nodes = tuple(
        Node(name, Pointwise(), (source,), name, {"bias": f"{name}.bias"})
        for source, name in zip(("x", *names), names, strict=False)
    )
    constants = {f"{name}.bias": np.full(4, index) for index, name in enumerate(names)}
    return Graph(("x",), (names[-1],), 1, nodes, tensors, constants)


def test_a_tensor_is_a_matrix_over_its_last_dimension() -> None:
    maps = Tensor("maps", (2, 3, 4, 5))
    assert (maps.size, maps.rows, maps.columns, maps.bytes) == (120, 24, 5, 480)
    scalar = Tensor("scalar", ())
    assert (scalar.size, scalar.rows, scalar.columns) == (1, 1, 1)


def test_integers_take_a_byte() -> None:
    tensor = Tensor("maps", (2, 3, 4, 5), ElementType.INT8)
    assert (tensor.size, tensor.bytes, tensor.element.dtype) == (120, 120, np.int8)


def test_graphs_of_fp32_follow_our_own_contract() -> None:
    assert chain("a").contract is Contract.FP32


def test_producer_and_consumers() -> None:
    graph = chain("a", "b")
    total = Node("sum", Pointwise(Epilogue(residual=True)), ("b", "a"), "sum")
    graph = replace(graph, nodes=(*graph.nodes, total))
    assert graph.producer("x") is None
    assert graph.producer("a") is graph.nodes[0]
    assert [node.name for node in graph.consumers("a")] == ["b", "sum"]
    assert graph.consumers("sum") == []
    twice = replace(total, inputs=("a", "a"))
    again = replace(graph, nodes=(*graph.nodes[:-1], twice))
    assert [node.name for node in again.consumers("a")] == ["b", "sum"]
    assert [node.name for node in again.consumers("b")] == []


def test_constants_by_their_role() -> None:
    graph = chain("a", "b")
    second = graph.nodes[1]
    assert graph.constant(second, "weight") is None
    assert graph.constant(second, "bias") is graph.constants["b.bias"]
    assert graph.arrays(second) == {"bias": graph.constants["b.bias"]}
    assert graph.shapes(second) == [(1, 4)]


def test_what_has_no_use_is_dropped() -> None:
    graph = chain("a", "b", "c")
    less = graph.with_nodes(graph.nodes[:1], outputs=("a",))
    assert set(less.tensors) == {"x", "a"} and set(less.constants) == {"a.bias"}
    assert [node.name for node in graph.nodes] == ["a", "b", "c"], "graphs never change in place"


def test_input_and_output_stay_without_a_use() -> None:
    bare = chain("a").with_nodes([])
    assert set(bare.tensors) == {"x", "a"} and bare.constants == {}
