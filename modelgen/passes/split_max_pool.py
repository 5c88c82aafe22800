"""Split off a fused max-pooling whose window is too large for the accumulators."""

from __future__ import annotations

from dataclasses import replace

from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import Conv2d, MaxPool2d
from modelgen.operators.epilogue import Stored
from modelgen.operators.window import Window


def split_max_pool(graph: Graph, accumulator_depth: int) -> Graph:
    """Make each fused pooling a separate layer if two of its windows exceed the accumulators.

    Args:
        graph: a quantized graph.
        accumulator_depth: accumulator entries. One block of results is stored while the next is
            computed, so each of the two needs room for at least one window.
    """
    tensors = dict(graph.tensors)
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes += _split(graph, node, tensors) if _exceeds(node, accumulator_depth) else [node]
    return graph.with_nodes(nodes, tensors=tensors)


def _exceeds(node: Node, accumulator_depth: int) -> bool:
    if not isinstance(node.operator, Conv2d):
        return False
    epilogue = node.operator.epilogue
    rows, columns = epilogue.pool
    return epilogue.pools and 2 * rows * columns > accumulator_depth


def _split(graph: Graph, node: Node, tensors: dict[str, Tensor]) -> list[Node]:
    """Return convolution and pooling; add the tensor between them to `tensors`."""
    name = f"{node.name}.pool"
    while name in tensors:
        name += "_"
    operator = node.operator
    assert isinstance(operator, Stored)
    window = operator.epilogue.pool
    alone = operator.with_epilogue(operator.epilogue.without_pool())
    conv = replace(node, operator=alone, output=name)
    pool = Node(name, MaxPool2d(Window(window, window)), (name,), node.output)
    tensors[name] = Tensor(name, alone.infer_shape(graph.shapes(node), graph.arrays(node)))
    return [conv, pool]
