"""The steps of a network as the engine sees them."""

from __future__ import annotations

from modelgen.hardware import Hardware
from modelgen.ir.views import views
from modelgen.passes.cut_rows import cut_rows, pairs
from modelgen.plan.partition import partition
from modelgen.targets.base import Network
from modelgen.targets.standard import standard
from modelgen.targets.systolic.works import works_of
from tests.support.graph_builder import GraphBuilder


def test_rows_that_are_read_of_a_map() -> None:
    builder = GraphBuilder(1, 8, 6, 3)
    middle = builder.conv(builder.conv("x", 4, (1, 1), padding=(0, 0, 0, 0)), 4)
    graph = builder.build(builder.softmax(middle))
    (pair,) = pairs(graph)
    cut = cut_rows(graph, pair, (4, 4))
    assert cut is not None
    hardware = Hardware()
    network = Network(cut, hardware, partition(cut, standard(hardware)), views(cut))
    works = works_of(network, "engine")
    assert [work.part for work in works] == [range(5), None, range(3, 8), None, None]
    assert [work.geometry is None for work in works] == [False, False, False, False, True]
    first = works[2].geometry
    assert first is not None and first.source.rows == 5
