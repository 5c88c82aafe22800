"""What model.json says of a program: names, work and limits, and what lost cycles are called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelgen.hardware import Hardware
from modelgen.operators.window import Window
from modelgen.plan.analysis import describe, label
from modelgen.plan.compiler import compile_graph
from tests.support import networks
from tests.support.graph_builder import GraphBuilder
from tests.support.integer_graphs import IntegerGraph


@pytest.mark.parametrize(
    ("name", "fused", "expected"),
    [
        ("fc1", (), "fc1"),
        ("0", ("1", "2"), "0 (+ 1, 2)"),
        ("features.0", ("features.1", "features.2"), "features.0 (+ 1, 2)"),
        ("blocks.0.conv1", ("blocks.0.bn1", "blocks.0.relu_1"), "blocks.0.conv1 (+ bn1, relu_1)"),
        ("stem.conv", ("norm", "stemless.relu"), "stem.conv (+ norm, stemless.relu)"),
    ],
)
def test_the_label_names_what_is_fused_behind(name: str, fused: tuple, expected: str) -> None:
    assert label(name, fused) == expected


def test_description() -> None:
    graph = GraphBuilder(1, 784)
    last = graph.linear(graph.linear("x", 128, low=0.0), 64)
    document = describe(compile_graph(graph.build(graph.softmax(last)), Hardware()))
    layers = document["layers"]
    assert [layer["streaming_limit_cycles"] for layer in layers] == [6500.0, 560.0, 0.0]
    # 784 x 128 and 128 x 64 weights, 784 inputs and 64 outputs at 16 bytes a cycle; the layers'
    # limits have no map between two layers.
    assert document["limit_cycles"] == 6272 + 512 + 196 + 16
    assert [layer["limit_cycles"] for layer in layers] == [6272 + 196, 512, 0.0]
    assert document["streaming_limit_cycles"] == 7060
    assert document["layers"][0]["shape"] == "1 x 784 -> 128"
    assert document["layers"][0]["op"] == "linear, ReLU"
    assert document["macs"] == 784 * 128 + 128 * 64
    assert document["arena_bytes"] == document["arena_lower_bound"] == 256
    assert document["layers"][0]["losses"]["k_rounding"] == 0


def test_losses_have_names() -> None:
    document = describe(compile_graph(networks.cifar10(), Hardware(array_size=16)))
    for layer in document["layers"][:-1]:
        lost = sum(layer["losses"].values())
        assert abs(layer["predicted_cycles"] - layer["macs"] / 256 - lost) < 5
    assert document["layers"][0]["op"] == "conv 5x5, ReLU"
    assert document["layers"][1]["shape"] == "22 x 22 x 16 -> 10 x 10 x 24"


def test_parts_of_a_layer_have_the_same_weights() -> None:
    """Two layers with 3 x 3 x 4 and 4 x 4 weights, the second with those of the first twice."""
    builder = GraphBuilder(1, 8, 8, 4)
    graph = builder.build(builder.conv("x", 4))
    (node,) = graph.nodes
    hardware = Hardware(array_size=32, port_words=1)
    alone = describe(compile_graph(graph, hardware))
    again = replace(node, name="again", inputs=(node.output,), output="again")
    tensor = replace(graph.tensors[node.output], name="again")
    tensors = {**graph.tensors, "again": tensor}
    twice = graph.with_nodes((node, again), tensors=tensors, outputs=("again",))
    assert describe(compile_graph(twice, hardware))["limit_cycles"] == alone["limit_cycles"]
    assert alone["limit_cycles"] == (4 * 36 + 2 * 4 * 256) / 4


def test_integers() -> None:
    """Of three input channels, so that words hold parts of pixels, and 4 x 8 x 8 results."""
    built = IntegerGraph(1, 4, 8, 3)
    last = built.conv(built.conv(built.conv("x", 8), 8, depthwise=True), 8)
    document = describe(compile_graph(built.build(last), Hardware(array_size=16)))
    first, depthwise, last_layer = document["layers"]
    macs = [32 * 9 * 8 * 3, 32 * 9 * 8, 32 * 9 * 8 * 8]
    assert [layer["macs"] for layer in document["layers"]] == macs
    assert {layer["macs_per_cycle"] for layer in document["layers"]} == {512}
    assert first["weight_bytes"] == 9 * 8 * 3 and first["activation_bytes"] == 32 * (3 + 8)
    assert depthwise["depthwise_cycles"] == document["depthwise_cycles"] == 32 * 9 * 8 / (9 * 16)
    # Inputs and outputs are a byte each, and the port moves 16 of them.
    outside = 32 * (3 + 8)
    assert document["array_limit_cycles"] == round(sum(macs) / 512, 1)
    moved = outside + 9 * 8 * (3 + 1 + 8)
    assert document["limit_cycles"] == max(round(sum(macs) / 512, 1), moved / 16)
    for layer in document["layers"]:
        lost = sum(layer["losses"].values())
        assert abs(layer["predicted_cycles"] - layer["macs"] / 512 - lost) < 5
    assert last_layer["losses"]["unpaired"] == 0, "rows in pairs"
    assert set(depthwise["losses"]) == {"channel_a_lane", "weights", "start, load and store"}


def test_positions_that_are_computed_alone_are_lost_work() -> None:
    """A single row has no other to be computed with: half of the array's work is lost."""
    built = IntegerGraph(1, 1, 8, 64)
    graph = built.build(built.conv("x", 64, Window((1, 1))))
    (layer,) = describe(compile_graph(graph, Hardware(array_size=16)))["layers"]
    assert layer["array_cycles"] == 8 * 4 * 4 == 2 * layer["losses"]["unpaired"]
    assert layer["losses"]["k_rounding"] == layer["losses"]["n_rounding"] == 0
