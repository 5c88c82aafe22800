"""Bands: two layers are computed in turn, some rows at a time, as the map between is too large.

A map that does not fit the activation buffer goes to memory and comes back. Where layers have few
MACs, as in the first blocks of a MobileNet, that takes longer than computing it. In bands, only
some of its rows exist at a time. Rows that two bands need are computed twice, so an estimate of the
whole network's time decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from modelgen.ir.graph import Graph
from modelgen.ir.views import views
from modelgen.passes.cut_rows import Pair, cut_rows, pairs
from modelgen.targets.base import Network, Step
from modelgen.targets.systolic.estimate import estimate
from modelgen.targets.systolic.scratchpad import residency
from modelgen.targets.systolic.tiling.schedule import evenly
from modelgen.targets.systolic.works import works_of

_COUNTS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32)
"""Numbers of bands to try."""
_CYCLES_A_BAND = 100
"""What starting the two layers of a band takes, which the estimate leaves out."""


def in_bands(network: Network, name: str) -> Graph:
    """Return the graph with those layers in bands that are faster so.

    Args:
        network: whose layers may be cut.
        name: the engine's name among the targets.
    """
    on_engine = {step.node.output for step in network.steps if step.target == name}
    best = _Plan(network, name)
    for pair in pairs(network.graph):
        engine = pair.first.output in on_engine and pair.second.output in on_engine
        if engine and pair.first.output in best.in_memory and best.has_whole(pair):
            best = min([best, *_cut(best, pair)], key=lambda plan: plan.cycles)
    return best.network.graph


class _Plan:
    """A network with some layers in bands, and roughly how long the engine takes for it."""

    def __init__(self, network: Network, name: str, bands: int = 0) -> None:
        self.network = network
        self.name = name
        self.bands = bands
        works = works_of(network, name)
        plan = residency.plan(network, works)
        self.in_memory = plan.in_memory
        """Tensors that are written to memory, or read from there."""
        self.cycles = estimate(network, works, plan) + _CYCLES_A_BAND * bands

    def has_whole(self, pair: Pair) -> bool:
        """Return whether neither layer is in bands."""
        graph = self.network.graph
        return all(graph.producer(node.output) is node for node in (pair.first, pair.second))


def _cut(plan: _Plan, pair: Pair) -> Iterator[_Plan]:
    """Yield plans in which a pair is in bands."""
    graph = plan.network.graph
    rows = graph.tensors[pair.second.output].shape[1]
    for count in _COUNTS:
        if count <= rows:
            cut = cut_rows(graph, pair, evenly(rows, count))
            if cut is not None:
                in_turn = _of_graph(plan.network, cut, plan.name)
                yield _Plan(in_turn, plan.name, plan.bands + count)


def _of_graph(network: Network, graph: Graph, name: str) -> Network:
    """Return a network whose new layers are on the engine."""
    known = {step.node.output: step for step in network.steps}
    nodes = (node for node in graph.nodes if node.operator.takes_time)
    steps = tuple(known.get(node.output, Step(node, name, "")) for node in nodes)
    return Network(graph, network.hardware, steps, views(graph))
