"""Give each output of a network memory of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import Pointwise


def separate_outputs(graph: Graph) -> Graph:
    """Copy outputs that are stored where an input, a constant or another output is."""
    taken = {*graph.inputs, *graph.constant_tensors}
    nodes, tensors, outputs = list(graph.nodes), dict(graph.tensors), []
    for output in graph.outputs:
        place = _place(graph, output)
        if place in taken:
            copy = _unused(f"{output}.copy", tensors)
            tensors[copy] = replace(graph.tensors[output], name=copy)
            nodes.append(Node(copy, Pointwise(), (output,), copy))
            output = copy
        taken.add(place)
        outputs.append(output)
    return graph.with_nodes(nodes, tensors=tensors, outputs=tuple(outputs))


def _place(graph: Graph, tensor: str) -> str:
    """Return the tensor in whose memory a tensor is."""
    node = graph.producer(tensor)
    while node is not None and not node.operator.takes_time and len(node.inputs) == 1:
        tensor = node.inputs[0]
        node = graph.producer(tensor)
    return tensor


def _unused(name: str, tensors: Mapping[str, Tensor]) -> str:
    while name in tensors:
        name += "_"
    return name
