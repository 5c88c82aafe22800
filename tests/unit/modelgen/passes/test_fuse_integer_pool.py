"""Max-poolings of integers that a convolution does itself."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.ir.execute_exact import run_layers
from modelgen.ir.graph import Graph
from modelgen.operators import IntegerConv2d, IntegerMaxPool2d
from modelgen.operators.window import Window
from modelgen.passes.fuse_integer_pool import fuse_integer_pool
from tests.support.integer_graphs import HALVING, IntegerGraph


def fused(graph: Graph, depth: int = 1024) -> Graph:
    return fuse_integer_pool(graph, lambda _graph, _node: True, depth)


def outputs(built: IntegerGraph, graph: Graph) -> np.ndarray:
    return run_layers(graph, {"x": built.inputs()}, 8)[graph.outputs[0]]


@pytest.mark.parametrize("clamp", [Clamp(), Clamp(-20, 70), Clamp(10, 10)], ids=str)
def test_bounds_of_both_hold(clamp: Clamp) -> None:
    """Of a map with a row and a column that no window covers."""
    built = IntegerGraph(1, 7, 9, 4)
    conv = built.conv("x", 8, clamp=Clamp(-60, 50))
    graph = built.build(built.add(IntegerMaxPool2d(HALVING, clamp), conv))
    (node,) = fused(graph).nodes
    assert isinstance(node.operator, IntegerConv2d) and node.operator.epilogue.pool == (2, 2)
    assert (node.output, node.fused) == (graph.outputs[0], (graph.nodes[1].name,))
    np.testing.assert_array_equal(outputs(built, fused(graph)), outputs(built, graph))


@pytest.mark.parametrize(
    "window",
    [
        Window((2, 2), (1, 1)),
        Window((2, 2), (2, 2), (0, 1, 0, 0)),
        Window((2, 2), (2, 2), dilation=(2, 1)),
    ],
    ids=str,
)
def test_windows_that_overlap_or_see_padding_stay(window: Window) -> None:
    built = IntegerGraph(1, 8, 8, 4)
    graph = built.build(built.max_pool(built.conv("x", 8), window))
    assert fused(graph).nodes == graph.nodes


def test_windows_that_are_too_large_stay() -> None:
    """Two of them have to fit the accumulators, and their sizes have 8 bits."""
    built = IntegerGraph(1, 4, 8, 4)
    graph = built.build(built.max_pool(built.conv("x", 8), Window((4, 4), (4, 4))))
    assert [len(fused(graph, depth).nodes) for depth in (31, 32)] == [2, 1]
    for columns, layers in ((255, 1), (256, 2)):
        built = IntegerGraph(1, 1, 256, 4)
        window = Window((1, columns), (1, columns))
        graph = built.build(built.max_pool(built.conv("x", 4), window))
        assert len(fused(graph).nodes) == layers


def test_a_layer_pools_once() -> None:
    built = IntegerGraph(1, 8, 8, 4)
    twice = built.build(built.max_pool(built.max_pool(built.conv("x", 4))))
    assert len(fused(twice).nodes) == len(twice.nodes) - 1
