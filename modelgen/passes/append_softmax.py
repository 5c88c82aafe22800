"""Append the final softmax that the project's settings request."""

from __future__ import annotations

from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import Softmax


def append_softmax(graph: Graph) -> Graph:
    """Append a softmax over the last dimension of the only output."""
    name = "softmax"
    while name in graph.tensors:
        name += "_"
    (logits,) = graph.outputs
    tensor = Tensor(name, graph.tensors[logits].shape)
    node = Node(name, Softmax(), (logits,), name)
    tensors = {**graph.tensors, name: tensor}
    return graph.with_nodes([*graph.nodes, node], outputs=(name,), tensors=tensors)
