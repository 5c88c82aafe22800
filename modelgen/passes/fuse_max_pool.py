"""A max-pooling whose windows do not overlap becomes part of the convolution's store."""

from __future__ import annotations

from dataclasses import replace

from modelgen.ir.graph import Graph, Node
from modelgen.passes.fuse_pointwise import only_reader


def fuse_max_pool(graph: Graph) -> Graph:
    """Merge each max-pooling with kernel = stride and no padding into the convolution before."""
    for pool in graph.nodes:
        before = graph.producer(pool.inputs[0]) if _is_simple(pool) else None
        if before is not None and _can_pool(graph, before):
            merged = replace(before, output=pool.output).with_attributes(
                pool=pool.attributes["kernel"],
                fused=[*before.attributes.get("fused", []), pool.name],
            )
            nodes = [merged if node is before else node for node in graph.nodes if node is not pool]
            return fuse_max_pool(graph.with_nodes(nodes))
    return graph


def _is_simple(node: Node) -> bool:
    attributes = node.attributes
    return (
        node.op == "max_pool2d"
        and attributes["kernel"] == attributes["stride"]
        and not any(attributes["padding"])
        and not {"residual", "slope", "clamp"} & set(attributes)
    )


def _can_pool(graph: Graph, node: Node) -> bool:
    """Tell whether the maximum may be taken before scale, bias and activation."""
    return (
        node.op == "conv2d"
        and only_reader(graph, node.output)
        and not {"residual", "pool"} & set(node.attributes)
        and node.attributes.get("slope", 1.0) >= 0
    )
