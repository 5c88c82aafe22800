"""Let a convolution or a matrix product of integers look up its own results in a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from modelgen.ir.graph import Graph, Node
from modelgen.operators import ByteTable, IntegerConv2d, IntegerLinear
from modelgen.passes.into_producer import into_producer


def fuse_byte_table(graph: Graph, can_run: Callable[[Graph, Node], bool]) -> Graph:
    """Fuse each function of single integers into a layer before it that nothing else reads.

    Args:
        graph: a graph of integers.
        can_run: whether the target that looks up runs a node; what it does not run stays as it is.
    """
    return into_producer(graph, _merged, can_run)


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
