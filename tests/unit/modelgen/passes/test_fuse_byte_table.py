"""Functions of single integers that the layer before looks up itself."""

from __future__ import annotations

import numpy as np

from modelgen.ir.execute_exact import run_layers
from modelgen.ir.graph import Graph, Node
from modelgen.operators import IntegerConv2d, IntegerLinear
from modelgen.passes.fuse_additions import fuse_additions
from modelgen.passes.fuse_byte_table import fuse_byte_table
from modelgen.passes.fuse_integer_pool import fuse_integer_pool
from tests.support.integer_graphs import IntegerGraph


def everything(graph: Graph, node: Node) -> bool:
    return True


def outputs(built: IntegerGraph, graph: Graph) -> np.ndarray:
    return run_layers(graph, {"x": built.inputs()}, 8)[graph.outputs[0]]


def test_a_convolution_and_a_matrix_product_look_up() -> None:
    built = IntegerGraph(1, 6, 6, 4)
    flat = built.reshape(built.table(built.conv("x", 4)), 1, 144)
    graph = built.build(built.table(built.linear(flat, 10)))
    fused = fuse_byte_table(graph, everything)
    conv, _, linear = fused.nodes
    assert isinstance(conv.operator, IntegerConv2d) and isinstance(linear.operator, IntegerLinear)
    assert linear.operator.describe().endswith(", function")
    assert conv.fused == (graph.nodes[1].name,)
    np.testing.assert_array_equal(outputs(built, fused), outputs(built, graph))


def test_what_is_looked_up_was_pooled_and_added_before() -> None:
    built = IntegerGraph(1, 8, 8, 4)
    pooled = built.max_pool(built.conv("x", 4))
    graph = built.build(built.table(built.sum(pooled, built.max_pool("x"))))
    fused = fuse_additions(fuse_integer_pool(graph, everything, 1024), everything)
    fused = fuse_byte_table(fused, everything)
    assert len(fused.nodes) == 2
    assert "max-pool 2, add, -100 to 127, function" in fused.nodes[-1].operator.describe()
    np.testing.assert_array_equal(outputs(built, fused), outputs(built, graph))


def test_a_layer_looks_up_once() -> None:
    built = IntegerGraph(1, 6, 6, 4)
    graph = built.build(built.table(built.table(built.conv("x", 4))))
    assert len(fuse_byte_table(graph, everything).nodes) == 2
