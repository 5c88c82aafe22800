"""Sums that a convolution or a matrix product adds itself."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.ir.execute_exact import run_layers
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Fp32Add, IntegerAdd, IntegerConv2d
from modelgen.passes.fuse_additions import fuse_additions
from tests.support.integer_graphs import IntegerGraph


def everything(graph: Graph, node: Node) -> bool:
    return True


def same_outputs(built: IntegerGraph, graph: Graph, other: Graph) -> bool:
    inputs = {"x": built.inputs()}
    wanted, found = (run_layers(each, inputs, 8)[graph.outputs[0]] for each in (graph, other))
    assert len(np.unique(wanted)) > 20
    return bool((wanted == found).all())


@pytest.mark.parametrize("swapped", [False, True])
def test_the_layer_with_the_most_weights_adds(swapped: bool) -> None:
    built = IntegerGraph(1, 6, 6, 4)
    large = built.conv("x", 4)
    small = built.conv("x", 4, depthwise=True)
    names = (small, large) if swapped else (large, small)
    graph = built.build(built.sum(*names))
    fused = fuse_additions(graph, everything)
    assert [node.inputs for node in fused.nodes] == [("x",), ("x", small)]
    assert fused.nodes[1].fused == (graph.outputs[0],)
    assert fused.nodes[1].operator.describe().endswith("add, -100 to 127")
    assert same_outputs(built, graph, fused)


def test_a_matrix_product_adds() -> None:
    built = IntegerGraph(9, 8, seed=2)
    graph = built.build(built.sum("x", built.linear("x", 8)))
    fused = fuse_additions(graph, everything)
    assert [node.inputs for node in fused.nodes] == [("x", "x")]
    assert same_outputs(built, graph, fused)


def test_sums_that_stay() -> None:
    built = IntegerGraph(1, 6, 6, 4)
    first = built.conv("x", 4)
    twice = built.sum(first, first)
    read_again = built.sum(twice, first)
    graph = built.build(built.sum(read_again, built.table("x")))
    assert fuse_additions(graph, everything).nodes == graph.nodes


def test_a_layer_adds_once() -> None:
    built = IntegerGraph(1, 6, 6, 4)
    graph = built.build(built.sum(built.sum(built.conv("x", 4), "x"), "x"))
    fused = fuse_additions(graph, everything)
    assert [type(node.operator) is IntegerAdd for node in fused.nodes] == [False, True]
    assert same_outputs(built, graph, fused)


def test_what_a_target_does_not_run_stays() -> None:
    built = IntegerGraph(1, 6, 6, 4)
    graph = built.build(built.sum(built.conv("x", 4), "x"))
    for kind in (IntegerAdd, type(graph.nodes[0].operator)):

        def others(_: Graph, node: Node, refused: type = kind) -> bool:
            return not isinstance(node.operator, refused)

        assert fuse_additions(graph, others).nodes == graph.nodes


@pytest.mark.parametrize("swapped", [False, True])
def test_sums_in_fp32_are_added_in_their_order(swapped: bool) -> None:
    built = IntegerGraph(1, 6, 6, 4)
    names = "x", built.conv("x", 4)
    convolution = built.build(names[1]).nodes[-1].operator
    assert isinstance(convolution, IntegerConv2d)
    point = convolution.requantization.zero_point
    scales = Quantization(0.067, -109), Quantization(0.034, point), Quantization(0.134, -84)
    if swapped:
        names, scales = names[::-1], (scales[1], scales[0], scales[2])
    graph = built.build(built.add(Fp32Add(*scales, offset=128), *names))
    fused = fuse_additions(graph, everything)
    assert len(fused.nodes) == 1
    assert same_outputs(built, graph, fused)
