"""A graph that a pass builds anew, with more nodes, tensors and constants."""

from __future__ import annotations

import numpy as np

from modelgen.ir.expansion import Expansion
from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import Linear, Reshape


def graph() -> Graph:
    """Return a graph of one reshape, (2, 12) to (2, 3, 4)."""
    tensors = {"x": Tensor("x", (2, 12)), "y": Tensor("y", (2, 3, 4))}
    nodes = (Node("view", Reshape((2, 3, 4)), ("x",), "y"),)
    return Graph(("x",), ("y",), 2, nodes, tensors, {})


def test_the_same_nodes_make_the_same_graph() -> None:
    source = graph()
    expansion = Expansion(source)
    for node in source.nodes:
        expansion.put(node)
    assert expansion.graph() == source


def test_what_is_added_has_shapes_and_names_of_its_own() -> None:
    source = graph()
    expansion = Expansion(source)
    weight = expansion.add_constant("w", np.zeros((12, 12), np.float32))
    assert expansion.add_constant("w", np.ones(1, np.float32)) == "w_"
    product = expansion.add(Node("y", Linear(), ("x",), "", {"weight": weight}))
    assert product == "y_" and expansion.tensors["y_"].shape == (2, 12)
    expansion.put(Node("view", Reshape((2, 3, 4)), (product,), "y"))
    made = expansion.graph()
    assert [(node.name, node.output) for node in made.nodes] == [("y", "y_"), ("view", "y")]
    assert set(made.tensors) == {"x", "y", "y_"}
    assert set(made.constants) == {"w"}, "constants without a use are dropped"
    assert set(source.tensors) == {"x", "y"} and not source.constants
