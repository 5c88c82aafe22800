"""Flatten, view and reshape move nothing in contiguous memory."""

from __future__ import annotations

from modelgen.ir.graph import Graph


def fold_reshape(graph: Graph) -> Graph:
    """Remove reshapes that only linear layers read: they take their rows from their own shapes."""
    for node in graph.nodes:
        readers = {reader.op for reader in graph.consumers(node.output)}
        folds = readers and readers <= {"linear", "reshape"} and graph.output != node.output
        if node.op == "reshape" and folds:
            return fold_reshape(graph.without(node))
    return graph
