"""Combine reshapes that follow each other, and drop those that change nothing."""

from __future__ import annotations

from dataclasses import replace

from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Reshape
from modelgen.passes.drop_unused import drop_unused


def fold_reshape(graph: Graph) -> Graph:
    """Leave one reshape, or none, where several follow each other."""
    rewriter = Rewriter(graph)
    for node in rewriter.each():
        if isinstance(node.operator, Reshape):
            _combine(rewriter, node, node.operator)
    return drop_unused(rewriter.graph())


def _combine(rewriter: Rewriter, node: Node, reshape: Reshape) -> None:
    """Let a reshape read what the one before it reads; drop it if it changes nothing."""
    source = node.inputs[0]
    before = rewriter.producer(source)
    if before is not None and isinstance(before.operator, Reshape):
        # It was combined with those before it when its turn came.
        source = before.inputs[0]
        node = replace(node, inputs=(source,))
        rewriter.put(node)
    if rewriter.tensors[source].shape == reshape.shape:
        rewriter.bypass(node)
