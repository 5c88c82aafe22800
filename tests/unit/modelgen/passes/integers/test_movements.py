"""Movements of integers instead of numbers."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.ir.execute_exact import run_graph
from modelgen.ir.graph import ElementType, Graph, Node, Tensor
from modelgen.operators import (
    Concatenate,
    Dequantize,
    Operator,
    Pad,
    Permute,
    Quantize,
    Reshape,
    Slice,
)
from modelgen.passes.integers.movements import hoist_quantize, sink_dequantize

SCALE = Quantization(0.5, 3)


def chain(*operators: Operator, element: ElementType) -> Graph:
    """A graph of operators one behind another, which reads (1, 2, 3)."""
    tensors = {"x": Tensor("x", (1, 2, 3), element, SCALE if element.bytes == 1 else None)}
    nodes, last = [], "x"
    for at, operator in enumerate(operators):
        shape = operator.infer_shape([tensors[last].shape], {})
        kind = ElementType.INT8 if isinstance(operator, Quantize) else ElementType.FP32
        tensors[f"t{at}"] = Tensor(f"t{at}", shape, kind)
        nodes.append(Node(f"n{at}", operator, (last,), f"t{at}"))
        last = f"t{at}"
    return Graph(("x",), (last,), 1, tuple(nodes), tensors, {})


def names(graph: Graph) -> list[str]:
    return [node.operator.name for node in graph.nodes]


def check(before: Graph, after: Graph, values: np.ndarray) -> None:
    expected, found = (run_graph(graph, values, 8) for graph in (before, after))
    np.testing.assert_array_equal(found, expected)
    for node in after.nodes:
        if not isinstance(node.operator, Quantize | Dequantize):
            assert after.tensors[node.output].element is ElementType.INT8


INTEGERS = np.array([[-128, -1, 0, 3, 4, 127]], np.int8)


def test_dequantize_sinks_below_movements() -> None:
    moves = (Permute((0, 2, 1)), Reshape((1, 6)), Slice((0, 1), (1, 4), (1, 1)))
    before = chain(Dequantize(SCALE, 128), *moves, element=ElementType.INT8)
    after = sink_dequantize(before)
    # The Dequantize that nothing reads any more is dropped by another pass.
    assert names(after)[-2:] == ["slice", "dequantize"]
    assert after.nodes[-1].operator == Dequantize(SCALE, 128)
    assert after.outputs == before.outputs
    check(before, after, INTEGERS)


@pytest.mark.parametrize(
    ("value", "sinks"), [(0.0, True), (1.5, True), (0.3, False), (99.0, False)]
)
def test_padding_has_to_be_an_integer(value: float, sinks: bool) -> None:
    pad = Pad((0, 1, 0), (0, 0, 2), value=value)
    before = chain(Dequantize(SCALE), pad, element=ElementType.INT8)
    after = sink_dequantize(before)
    assert (names(after)[-1] == "dequantize") is sinks
    expected, found = (run_graph(graph, INTEGERS, 8) for graph in (before, after))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("other", [SCALE, Quantization(0.25, 3), None])
def test_joined_tensors_need_the_same_scale(other: Quantization | None) -> None:
    tensors = {name: Tensor(name, (1, 3), ElementType.INT8) for name in ("a", "b")}
    tensors |= {name: Tensor(name, (1, 3)) for name in ("c", "d")}
    tensors["y"] = Tensor("y", (1, 6))
    nodes = [
        Node("c", Dequantize(SCALE), ("a",), "c"),
        Node("d", Dequantize(other or SCALE, 0 if other else 128), ("b",), "d"),
        Node("y", Concatenate(), ("c", "d"), "y"),
    ]
    graph = Graph(("a", "b"), ("y",), 1, tuple(nodes), tensors, {})
    after = sink_dequantize(graph)
    assert (names(after)[-1] == "dequantize") is (other == SCALE)
    expected, found = (run_graph(each, INTEGERS, 8) for each in (graph, after))
    np.testing.assert_array_equal(found, expected)


def test_quantize_rises_above_movements() -> None:
    moves = (Permute((0, 2, 1)), Reshape((1, 6)))
    before = chain(*moves, Quantize(SCALE), element=ElementType.FP32)
    after = hoist_quantize(before)
    assert names(after) == ["quantize", "permute", "reshape"]
    check(before, after, np.array([[-1.0, 0.3, 2.0, 7.7, 100.0, -100.0]], np.float32))


def test_numbers_that_others_read_are_moved_as_they_are() -> None:
    before = chain(Permute((0, 2, 1)), Quantize(SCALE), element=ElementType.FP32)
    returned = before.with_nodes(before.nodes, outputs=("t0", "t1"))
    assert names(hoist_quantize(returned)) == ["permute", "quantize"]
    more = Node("more", Reshape((1, 6)), ("t0",), "more")
    tensors = {**before.tensors, "more": Tensor("more", (1, 6))}
    read = before.with_nodes([*before.nodes, more], tensors=tensors, outputs=("t1", "more"))
    assert names(hoist_quantize(read)) == ["permute", "quantize", "reshape"]
