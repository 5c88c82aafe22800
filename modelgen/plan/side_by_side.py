"""Let layers write tensors that are concatenated side by side, so that nothing has to move them.

A tensor can be a view of a larger one if it is read by the concatenation alone, and if the layer
that writes it can leave gaps between rows. Any other tensor gets a copy, to which both apply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from modelgen.ir.graph import ElementType, Graph, Node, Tensor
from modelgen.operators import Operator, Pointwise, Slice
from modelgen.targets.base import Target

_WORD_BYTES = 4


def side_by_side(graph: Graph, targets: Sequence[Target]) -> Graph:
    """Return the graph with copies of the tensors that cannot be views of larger ones.

    Args:
        graph: a quantized graph.
        targets: the targets, most preferred first.
    """
    tensors, nodes = dict(graph.tensors), []
    for node in graph.nodes:
        if node.operator.places_of_inputs(graph.shapes(node)) is None:
            nodes.append(node)
            continue
        inputs = []
        for name in node.inputs:
            if _fits(graph, node, name, targets):
                inputs.append(name)
                continue
            copy = _copy_name(name, tensors)
            tensors[copy] = replace(graph.tensors[name], name=copy)
            nodes.append(Node(copy, _copy(tensors[copy]), (name,), copy))
            inputs.append(copy)
        nodes.append(replace(node, inputs=tuple(inputs)))
    return graph.with_nodes(nodes, tensors=tensors)


def _copy(tensor: Tensor) -> Operator:
    """Return an operator that copies a tensor, and can leave gaps."""
    if tensor.element is ElementType.FP32:
        return Pointwise()
    rank = len(tensor.shape)
    return Slice((0,) * rank, tensor.shape, (1,) * rank)


def _fits(graph: Graph, node: Node, tensor: str, targets: Sequence[Target]) -> bool:
    """Return whether a tensor can be written into the output of a node that reads it."""
    maker = graph.producer(tensor)
    alone = graph.consumers(tensor) == [node] and node.inputs.count(tensor) == 1
    if maker is None or not alone or tensor in graph.outputs:
        return False
    in_words = _in_words(graph, node)
    if not maker.operator.takes_time:
        return in_words and maker.operator.places_of_inputs(graph.shapes(maker)) is not None
    able = (target for target in targets if target.supports(graph, maker) is None)
    first = next(able, None)
    return first is not None and first.leaves_gaps(maker, in_words=in_words)


def _in_words(graph: Graph, node: Node) -> bool:
    """Return whether the inputs of a node begin at whole words of its output, in every row."""
    output = graph.tensors[node.output]
    places = node.operator.places_of_inputs(graph.shapes(node)) or []
    return all(each * output.element.bytes % _WORD_BYTES == 0 for each in (*places, output.columns))


def _copy_name(name: str, tensors: dict[str, Tensor]) -> str:
    copy = f"{name}.copy"
    while copy in tensors:
        copy += "_"
    return copy
