"""Drop dropout, which does nothing during inference."""

from __future__ import annotations

from modelgen.ir.graph import Graph
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Dropout


def drop_dropout(graph: Graph) -> Graph:
    """Remove every dropout node."""
    rewriter = Rewriter(graph)
    for node in rewriter.each():
        if isinstance(node.operator, Dropout):
            rewriter.bypass(node)
    return rewriter.graph()
