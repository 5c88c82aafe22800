"""The steps of a network as the engine sees them."""

from __future__ import annotations

import pytest

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.ir.views import views
from modelgen.passes.cut_rows import cut_rows, pairs
from modelgen.plan.partition import partition
from modelgen.targets.base import Network
from modelgen.targets.standard import standard
from modelgen.targets.systolic.works import works_of
from tests.support.graph_builder import GraphBuilder


def bits_of_weights(graph: Graph, hardware: Hardware) -> list[int]:
    network = Network(graph, hardware, partition(graph, standard(hardware)), views(graph))
    works = works_of(network, "engine")
    return [work.geometry.weight_bits for work in works if work.geometry is not None]


@pytest.mark.parametrize(
    ("smallest", "largest", "bits"), [(-8, 7, 4), (-9, 7, 8), (-8, 8, 8), (0, 0, 4)]
)
def test_weights_that_fit_4_bits_take_no_more(smallest: int, largest: int, bits: int) -> None:
    builder = GraphBuilder(1, 6)
    graph = builder.build(builder.linear(builder.linear("x", 5), 3))
    weight = graph.constants[graph.nodes[1].constants["weight"]]
    weight[:] = 0
    weight[0, :2] = smallest, largest
    assert bits_of_weights(graph, Hardware()) == [8, bits]
    assert bits_of_weights(graph, Hardware(int8=False)) == [8, 8], "its engine has no INT4 either"


def test_weights_on_the_diagonal_take_8_bits() -> None:
    builder = GraphBuilder(1, 8, 6, 3)
    graph = builder.build(builder.conv(builder.conv("x", 4), 4, depthwise=True))
    for node in graph.nodes:
        graph.constants[node.constants["weight"]][:] = 1
    assert bits_of_weights(graph, Hardware()) == [4, 8]


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
