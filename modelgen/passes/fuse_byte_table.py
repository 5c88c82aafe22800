"""Let a convolution or a matrix product of integers look up its own results in a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import ByteTable, IntegerConv2d, IntegerLinear
from modelgen.passes.fuse_pointwise import only_reader


def fuse_byte_table(graph: Graph, can_run: Callable[[Graph, Node], bool]) -> Graph:
    """Fuse each function of single integers into a layer before it that nothing else reads.

    Args:
        graph: a graph of integers.
        can_run: whether the target that looks up runs a node; what it does not run stays as it is.
    """
    rewriter = Rewriter(graph)
    for node in rewriter.each():
        before = rewriter.producer(node.inputs[0]) if node.inputs else None
        if before is None or not only_reader(rewriter, before.output):
            continue
        merged = _merged(node, before)
        if merged is not None and can_run(graph, node) and can_run(graph, before):
            rewriter.remove(before)
            rewriter.put(merged)
    return rewriter.graph()


def _merged(node: Node, before: Node) -> Node | None:
    table, operator = node.operator, before.operator
    if not isinstance(table, ByteTable) or not isinstance(operator, IntegerConv2d | IntegerLinear):
        return None
    if operator.epilogue.function:
        return None
    epilogue = replace(operator.epilogue, function=table.title)
    return replace(
        before,
        operator=replace(operator, epilogue=epilogue),
        constants={**before.constants, **node.constants},
        output=node.output,
        fused=(*before.fused, node.name, *node.fused),
    )
