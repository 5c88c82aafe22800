"""The rough estimate of a network's time ranks networks as the cost model does."""

from __future__ import annotations

import pytest

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.ir.views import views
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.plan.partition import partition
from modelgen.targets.base import Network
from modelgen.targets.standard import standard
from modelgen.targets.systolic.cost import table_cycles
from modelgen.targets.systolic.estimate import estimate
from modelgen.targets.systolic.scratchpad import residency
from modelgen.targets.systolic.works import works_of
from tests.support import networks
from tests.support.graph_builder import GraphBuilder

NETWORKS = {"cifar10": networks.cifar10(), "resnet8": networks.resnet8()}


def estimated(graph: Graph, hardware: Hardware) -> float:
    network = Network(graph, hardware, partition(graph, standard(hardware)), views(graph))
    works = works_of(network, "engine")
    return estimate(network, works, residency.plan(network, works))


@pytest.mark.parametrize("graph", NETWORKS.values(), ids=NETWORKS.keys())
@pytest.mark.parametrize(
    "hardware",
    [Hardware(), Hardware(array_size=16), Hardware(array_size=16, buffer_words=8192)],
    ids=["small", "large", "little-buffer"],
)
def test_near_the_cost_model(graph: Graph, hardware: Hardware) -> None:
    layers = describe(compile_graph(graph, hardware))["layers"]
    predicted = sum(layer["predicted_cycles"] for layer in layers if layer["place"] == "engine")
    assert 0.75 * predicted < estimated(graph, hardware) < 1.1 * predicted


def test_moving_maps_takes_time() -> None:
    graph = networks.resnet8()
    large, small = (Hardware(array_size=16, buffer_words=words) for words in (65_536, 8192))
    assert estimated(graph, small) > 1.05 * estimated(graph, large)


NARROW = Hardware(array_size=4, port_words=1)


def of_functions(*functions: str) -> float:
    """Return the estimate of convolutions with these functions, on an engine with a narrow port."""
    graph, last = GraphBuilder(1, 6, 6, 4), "x"
    for function in functions:
        last = graph.conv(last, 4, function=function)
    return estimated(graph.build(last), NARROW)


def test_another_table_takes_the_time_to_load_it() -> None:
    kept = of_functions("silu", "silu", "silu")
    assert of_functions("silu", "sigmoid", "silu") == kept
    loaded = of_functions("silu", "tanh", "silu") - kept
    assert 1.5 * table_cycles(NARROW) < loaded <= 2 * table_cycles(NARROW)


def test_functions_are_stored_by_the_first_lanes_alone() -> None:
    hardware = Hardware(array_size=16)

    def of_function(function: str) -> float:
        graph = GraphBuilder(1, 16, 16, 4)
        wide = graph.conv("x", 64, (1, 1), padding=(0, 0, 0, 0), function=function)
        return estimated(graph.build(graph.conv(wide, 4, (1, 1), padding=(0, 0, 0, 0))), hardware)

    assert of_function("silu") - of_function("") > 1.5 * table_cycles(hardware)
