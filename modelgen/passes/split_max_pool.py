"""A fused max-pooling whose window is larger than the accumulators becomes a layer of its own."""

from __future__ import annotations

from dataclasses import replace

from modelgen.ir.graph import Graph, Node, Tensor


def split_max_pool(graph: Graph, accumulator_depth: int) -> Graph:
    """Take out the fused poolings of which two windows have no room in the accumulators.

    Args:
        graph: quantized.
        accumulator_depth: entries. One block of results is stored while the next is computed, so
            both have at least one window there.
    """
    for node in graph.nodes:
        rows, columns = node.attributes.get("pool") or (1, 1)
        if 2 * rows * columns > accumulator_depth:
            return split_max_pool(_split(graph, node), accumulator_depth)
    return graph


def _split(graph: Graph, node: Node) -> Graph:
    window = node.attributes["pool"]
    name = f"{node.name}.pool"
    while name in graph.tensors:
        name += "_"
    kept = {key: value for key, value in node.attributes.items() if key != "pool"}
    conv = replace(node, output=name, attributes=kept)
    pool = Node(
        name,
        "max_pool2d",
        (name,),
        node.output,
        attributes={"kernel": window, "stride": window, "padding": [0, 0, 0, 0]},
    )
    tensor = Tensor(name, _shape(graph, conv))
    nodes = [
        part for other in graph.nodes for part in ((conv, pool) if other is node else (other,))
    ]
    return graph.with_nodes(nodes, tensors={**graph.tensors, name: tensor})


def _shape(graph: Graph, conv: Node) -> tuple[int, ...]:
    """Return the shape of a convolution's output."""
    batch, *size, _ = graph.tensors[conv.inputs[0]].shape
    weight = graph.constant(conv, "weight")
    padding = conv.attributes["padding"]
    results = []
    for axis in (0, 1):
        reach = (weight.shape[1 + axis] - 1) * conv.attributes["dilation"][axis] + 1
        around = size[axis] + padding[2 * axis] + padding[2 * axis + 1]
        results.append((around - reach) // conv.attributes["stride"][axis] + 1)
    return (batch, *results, len(weight))
