"""Fuse activation functions and additions into the epilogue of the layer before them."""

from __future__ import annotations

from dataclasses import replace

from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Pointwise
from modelgen.operators.epilogue import Epilogue, Stored


def fuse_pointwise(graph: Graph) -> Graph:
    """Fuse each element-wise layer into the layer before it, if nothing else reads that layer."""
    rewriter = Rewriter(graph)
    for node in rewriter.each():
        merged: Node | None = node
        while merged is not None and _is_plain(merged):
            merged = _merge(rewriter, merged)
    return rewriter.graph()


def only_reader(graph: Graph | Rewriter, tensor: str) -> bool:
    """Return whether a tensor has exactly one reader and is not an output of the graph."""
    return len(graph.consumers(tensor)) == 1 and tensor not in graph.outputs


def _is_plain(node: Node) -> bool:
    return isinstance(node.operator, Pointwise) and not node.constants


def _merge(rewriter: Rewriter, node: Node) -> Node | None:
    """Fuse a node into a layer before it; return the result, or None if that is impossible."""
    operator = node.operator
    assert isinstance(operator, Pointwise)
    for position in _positions(rewriter, node, operator.epilogue):
        before = rewriter.producer(node.inputs[position])
        if before is None or not isinstance(before.operator, Stored):
            continue
        if not only_reader(rewriter, before.output) or len(set(node.inputs)) < len(node.inputs):
            continue
        epilogue = before.operator.epilogue.then(operator.epilogue)
        if epilogue is None:
            continue
        others = tuple(name for i, name in enumerate(node.inputs) if i != position)
        merged = replace(
            before,
            operator=before.operator.with_epilogue(epilogue),
            inputs=(*before.inputs, *others),
            output=node.output,
            fused=(*before.fused, node.name, *node.fused),
        )
        # In place of the later node: by then the other operand has been computed.
        rewriter.remove(before)
        rewriter.put(merged)
        return merged
    return None


def _positions(rewriter: Rewriter, node: Node, epilogue: Epilogue) -> list[int]:
    """Return the positions of the inputs whose layers may do what the node does to its first input.

    Those from layers with the most weights come first.
    """

    def weights(position: int) -> int:
        before = rewriter.producer(node.inputs[position])
        weight = None if before is None else rewriter.arrays(before).get("weight")
        return 0 if weight is None else weight.size

    inputs = range(len(node.inputs) if epilogue.is_symmetric else 1)
    return sorted(inputs, key=weights, reverse=True)
