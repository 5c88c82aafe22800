"""A quantized graph layer by layer: batches, and slices that the caller chooses."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.ir.execute_exact import run_graph, run_layers, run_node
from modelgen.ir.graph import Contract, ElementType, Graph, Node, Tensor
from modelgen.operators import ByteTable, Concatenate, Dequantize
from modelgen.operators.base import Cut
from tests.support.graph_builder import GraphBuilder


def test_inferences_of_a_batch_do_not_touch_each_other() -> None:
    builder = GraphBuilder(2, 6)
    graph = builder.build(builder.linear("x", 3, low=0.0))
    values = np.random.default_rng(0).standard_normal((6, 6)).astype(np.float32)
    found = run_graph(graph, values, 4)
    assert found.shape == (3, 6) and found.dtype == np.float32
    for index in range(3):
        alone = run_graph(graph, values[2 * index : 2 * index + 2], 4)
        np.testing.assert_array_equal(found[index], alone[0])


def test_outputs_of_a_node_have_the_tensor_s_shape() -> None:
    builder = GraphBuilder(1, 2, 3)
    graph = builder.build(builder.flatten("x"))
    values = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    found = run_node(graph, graph.nodes[0], [values], Cut(4))
    np.testing.assert_array_equal(found, values.reshape(1, 6))


def test_the_order_of_rounding_is_that_of_the_slices() -> None:
    """1 is lost beside 2^24, and kept beside what comes after both have cancelled."""
    builder = GraphBuilder(1, 3)
    graph = builder.build(builder.linear("x", 1))
    names = graph.nodes[0].constants
    for role, value in (("weight", [[1, 1, 1]]), ("scale", [1]), ("bias", [0])):
        graph.constants[names[role]][...] = value
    values = np.array([[2.0**24, 1.0, -(2.0**24)]], np.float32)

    def total(*slices: list[int]) -> float:
        chosen = [np.array(indices) for indices in slices]
        return float(run_graph(graph, values, 4, lambda node: chosen)[0, 0])

    assert total([0], [1], [2]) == 0.0
    assert total([0], [2], [1]) == 1.0
    assert float(run_graph(graph, values, 4)[0, 0]) == 1.0, "one slice of all: nothing is lost"


def integers(outputs: tuple[str, ...]) -> Graph:
    """The negative of an INT8 input, beside the input, and both as numbers."""
    halves = Quantization(0.5, 0)
    tensors = {
        "x": Tensor("x", (1, 2), ElementType.INT8, halves),
        "negative": Tensor("negative", (1, 2), ElementType.INT8, halves),
        "both": Tensor("both", (1, 4), ElementType.INT8, halves),
        "numbers": Tensor("numbers", (1, 4)),
    }
    nodes = (
        Node("negative", ByteTable("negative"), ("x",), "negative", {"table": "table"}),
        Node("both", Concatenate(), ("x", "negative"), "both"),
        Node("numbers", Dequantize(halves), ("both",), "numbers"),
    )
    table = (-np.arange(-127, 129)).astype(np.int8)
    contract = Contract.EXACT
    return Graph(("x",), outputs, 1, nodes, tensors, {"table": table}, contract=contract)


def test_integers_stay_integers() -> None:
    rows = np.array([[1, -2], [127, 0]], np.int8)
    found = run_graph(integers(("both",)), rows, 4)
    assert found.dtype == np.int8
    np.testing.assert_array_equal(found, [[1, -2, -2, 1], [127, 0, -128, -1]])
    np.testing.assert_array_equal(run_graph(integers(("both",)), rows.astype(np.float32), 4), found)


def test_outputs_of_several_types_are_numbers() -> None:
    found = run_graph(integers(("negative", "numbers")), np.array([[1, -2]], np.int8), 4)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [[-2, 1, 0.5, -1.0, -1.0, 0.5]])


def test_all_layers_of_an_inference() -> None:
    graph = integers(("numbers",))
    tensors = run_layers(graph, {"x": np.array([[1, -2]])}, 4)
    assert {name: values.dtype for name, values in tensors.items()} == {
        "x": np.int8,
        "negative": np.int8,
        "both": np.int8,
        "numbers": np.float32,
    }
