"""ReLU after a linear layer becomes the clamp of its store."""

from __future__ import annotations

from dataclasses import replace

from modelgen.graph import Graph, Node

_LINEAR = ("linear", "quantized_linear")


def fuse_relu(graph: Graph) -> Graph:
    """Merge each ReLU into the linear layer before it; drop a ReLU of what is positive already."""
    for relu in graph.nodes:
        before = graph.producer(relu.inputs[0]) if relu.op == "relu" else None
        if before is None:
            continue
        if _is_positive(before):
            return fuse_relu(graph.without(relu))
        if before.op in _LINEAR and _only_reader(graph, before.output):
            return fuse_relu(_merge(graph, before, relu))
    return graph


def _is_positive(node: Node) -> bool:
    low = node.attributes.get("clamp", [None])[0]
    return node.op in ("relu", "softmax") or (low is not None and low >= 0)


def _only_reader(graph: Graph, tensor: str) -> bool:
    return len(graph.consumers(tensor)) == 1 and graph.output != tensor


def _merge(graph: Graph, linear: Node, relu: Node) -> Graph:
    merged = replace(linear, output=relu.output).with_attributes(
        clamp=[0.0, None], fused=[*linear.attributes.get("fused", []), relu.name]
    )
    nodes = [merged if node is linear else node for node in graph.nodes if node is not relu]
    return graph.with_nodes(nodes)
