"""Drop dropout, which does nothing during inference."""

from __future__ import annotations

from modelgen.ir.graph import Graph
from modelgen.operators import Dropout


def drop_dropout(graph: Graph) -> Graph:
    """Remove every dropout node."""
    for node in graph.nodes:
        if isinstance(node.operator, Dropout):
            return drop_dropout(graph.without(node))
    return graph
