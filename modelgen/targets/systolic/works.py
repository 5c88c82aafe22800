"""The steps of a network as the engine sees them."""

from __future__ import annotations

from dataclasses import replace

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Rows
from modelgen.targets.base import Network
from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.geometry import Geometry, geometry
from modelgen.targets.systolic.scratchpad.residency import Work


def works_of(network: Network, name: str) -> list[Work]:
    """Return the steps of a network as the engine sees them; `name` is its name as a target."""
    graph = network.graph
    return [
        Work(step.node, _geometry(graph, step.node, network.hardware), _part_read(graph, step.node))
        if step.target == name
        else Work(step.node, None)
        for step in network.steps
    ]


def _geometry(graph: Graph, node: Node, hardware: Hardware) -> Geometry:
    """Return the geometry of a node; weights that fit 4 bits take no more, but on the diagonal."""
    weight = graph.constant(node, "weight")
    narrow = weight is not None and weight.min() >= -8 and weight.max() <= 7
    found = geometry(graph, node)
    on_diagonal = found.operation is Operation.DEPTHWISE and not found.reads_rows
    has_narrow = hardware.int8 and not on_diagonal
    return replace(found, weight_bits=4) if narrow and has_narrow else found


def _part_read(graph: Graph, node: Node) -> range | None:
    """Return the rows that a node reads of a map; None if it reads all of its first input."""
    maker = graph.producer(node.inputs[0])
    if maker is None or not isinstance(maker.operator, Rows):
        return None
    return range(maker.operator.first, maker.operator.first + maker.operator.count)
