"""Drop layers whose results are never used."""

from __future__ import annotations

from modelgen.ir.graph import Graph


def drop_unused(graph: Graph) -> Graph:
    """Remove nodes that no output depends on."""
    needed = set(graph.outputs)
    kept = []
    for node in reversed(graph.nodes):
        if node.output in needed:
            needed.update(node.inputs)
            kept.append(node)
    return graph.with_nodes(reversed(kept))
