"""Run what makes residual operands early, so that storing them hides behind other layers.

A residual operand is read from memory, which it reaches much slower than it is computed if its
layer has few MACs, as a 1x1 convolution in a shortcut. The layer that adds it has to wait until all
of it is stored; layers before that one do not.
"""

from __future__ import annotations

from modelgen.ir.graph import Graph, Node
from modelgen.operators.epilogue import reads_operand


def operands_first(graph: Graph) -> Graph:
    """Move each layer whose output is only a residual operand to where its inputs are ready."""
    nodes = list(graph.nodes)
    for node in graph.nodes:
        if _is_operand(graph, node):
            nodes.remove(node)
            makers = [place for place, other in enumerate(nodes) if other.output in node.inputs]
            nodes.insert(max(makers, default=-1) + 1, node)
    return graph.with_nodes(nodes)


def _is_operand(graph: Graph, node: Node) -> bool:
    readers = graph.consumers(node.output)
    return bool(readers) and all(_reads_operand(reader, node.output) for reader in readers)


def _reads_operand(reader: Node, tensor: str) -> bool:
    """Return whether a node reads a tensor as its operand and not otherwise."""
    return reads_operand(reader.operator) and reader.inputs.index(tensor) == len(reader.inputs) - 1
