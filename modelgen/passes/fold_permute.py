"""Drop pairs of inverse permutations that have only activation functions between them."""

from __future__ import annotations

from dataclasses import replace

from modelgen.ir.graph import Graph, Node
from modelgen.operators import Permute, Pointwise
from modelgen.passes.drop_unused import drop_unused
from modelgen.passes.fuse_pointwise import only_reader


def fold_permute(graph: Graph) -> Graph:
    """Move activation functions before the permutations they read; drop pairs of inverse ones."""
    for node in graph.nodes:
        before = graph.producer(node.inputs[0])
        if before is None or not isinstance(before.operator, Permute):
            continue
        if isinstance(node.operator, Permute) and _undoes(node.operator, before.operator):
            return fold_permute(_without_pair(graph, before, node))
        if _is_activation(node) and only_reader(graph, before.output):
            return fold_permute(_swapped(graph, before, node))
    return graph


def _undoes(second: Permute, first: Permute) -> bool:
    combined = [first.axes[axis] for axis in second.axes]
    return combined == sorted(combined)


def _is_activation(node: Node) -> bool:
    """Return whether a node works on each value separately."""
    return isinstance(node.operator, Pointwise) and not node.constants and len(node.inputs) == 1


def _without_pair(graph: Graph, before: Node, node: Node) -> Graph:
    """Return the graph in which readers of the second permutation read the input of the first."""
    direct = replace(node, inputs=before.inputs)
    nodes = [direct if other is node else other for other in graph.nodes]
    return drop_unused(graph.with_nodes(nodes).without(direct))


def _swapped(graph: Graph, permutation: Node, activation: Node) -> Graph:
    """Return the graph with an activation function moved before the permutation it reads."""
    between = permutation.output
    first = replace(activation, inputs=permutation.inputs, output=between)
    second = replace(permutation, inputs=(between,), output=activation.output)
    moved = replace(graph.tensors[permutation.inputs[0]], name=between)
    places = {id(permutation): first, id(activation): second}
    nodes = [places.get(id(node), node) for node in graph.nodes]
    return graph.with_nodes(nodes, tensors={**graph.tensors, between: moved})
