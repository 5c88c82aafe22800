"""Drop layers whose results are never used."""

from __future__ import annotations

from modelgen.ir.graph import Graph


def drop_unused(graph: Graph) -> Graph:
    """Remove nodes that the output does not depend on."""
    needed = {graph.output}
    kept = []
    for node in reversed(graph.nodes):
        if node.output in needed:
            needed.update(node.inputs)
            kept.append(node)
    return graph.with_nodes(reversed(kept))
