"""The steps of a network as the engine sees them."""

from __future__ import annotations

from modelgen.ir.graph import Graph, Node
from modelgen.operators import Rows
from modelgen.targets.base import Network
from modelgen.targets.systolic.geometry import geometry
from modelgen.targets.systolic.scratchpad.residency import Work


def works_of(network: Network, name: str) -> list[Work]:
    """Return the steps of a network as the engine sees them; `name` is its name as a target."""
    graph = network.graph
    return [
        Work(step.node, geometry(graph, step.node), _part_read(graph, step.node))
        if step.target == name
        else Work(step.node, None)
        for step in network.steps
    ]


def _part_read(graph: Graph, node: Node) -> range | None:
    """Return the rows that a node reads of a map; None if it reads all of its first input."""
    maker = graph.producer(node.inputs[0])
    if maker is None or not isinstance(maker.operator, Rows):
        return None
    return range(maker.operator.first, maker.operator.first + maker.operator.count)
