"""Merging of layers into those that produce their first inputs."""

from __future__ import annotations

from collections.abc import Callable

from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.passes.fuse_pointwise import only_reader


def into_producer(
    graph: Graph,
    merged: Callable[[Node, Node], Node | None],
    can_run: Callable[[Graph, Node], bool],
) -> Graph:
    """Merge each node into the one before it, if nothing else reads that.

    Args:
        graph: any graph.
        merged: returns what a node and the one before it become; None if they stay apart.
        can_run: whether the target that runs the result runs a node; what it does not run stays.
    """
    rewriter = Rewriter(graph)
    for node in rewriter.each():
        before = rewriter.producer(node.inputs[0]) if node.inputs else None
        if before is None or not only_reader(rewriter, before.output):
            continue
        both = merged(node, before)
        if both is not None and can_run(graph, node) and can_run(graph, before):
            rewriter.remove(before)
            rewriter.put(both)
    return rewriter.graph()
