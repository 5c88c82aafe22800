"""Let a convolution or a matrix product of integers add an operand to its own results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import IntegerConv2d, IntegerLinear
from modelgen.operators.integer.epilogue import Sum
from modelgen.passes.fuse_pointwise import only_reader


def fuse_additions(graph: Graph, can_run: Callable[[Graph, Node], bool]) -> Graph:
    """Fuse each sum of two tensors into a layer before it, if nothing else reads that layer.

    Args:
        graph: a graph of integers.
        can_run: whether the target that adds runs a node; what it does not run stays as it is.
    """
    rewriter = Rewriter(graph)
    for node in rewriter.each():
        if isinstance(node.operator, Sum):
            _fuse(graph, rewriter, node, can_run)
    return rewriter.graph()


def _fuse(
    graph: Graph, rewriter: Rewriter, node: Node, can_run: Callable[[Graph, Node], bool]
) -> None:
    for position in _positions(rewriter, node):
        before = rewriter.producer(node.inputs[position])
        if before is None or not only_reader(rewriter, before.output):
            continue
        merged = _merged(node, before, position)
        if merged is not None and can_run(graph, node) and can_run(graph, before):
            # In place of the later node: by then the other operand has been computed.
            rewriter.remove(before)
            rewriter.put(merged)
            return


def _merged(node: Node, before: Node, position: int) -> Node | None:
    operator, addition = before.operator, node.operator
    assert isinstance(addition, Sum)
    if not isinstance(operator, IntegerConv2d | IntegerLinear):
        return None
    if operator.epilogue.addition is not None or len(set(node.inputs)) < len(node.inputs):
        return None
    ordered = addition.swapped() if position == 1 else addition
    if ordered.zero_points[0] != operator.requantization.zero_point:
        return None
    epilogue = replace(operator.epilogue, addition=ordered)
    return replace(
        before,
        operator=replace(operator, epilogue=epilogue),
        inputs=(*before.inputs, node.inputs[1 - position]),
        output=node.output,
        fused=(*before.fused, node.name, *node.fused),
    )


def _positions(rewriter: Rewriter, node: Node) -> list[int]:
    """Return the positions of the inputs; those from layers with the most weights come first."""

    def weights(position: int) -> int:
        before = rewriter.producer(node.inputs[position])
        weight = None if before is None else rewriter.arrays(before).get("weight")
        return 0 if weight is None else weight.size

    return sorted(range(2), key=weights, reverse=True)
