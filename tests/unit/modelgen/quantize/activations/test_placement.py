"""Which tensors become integers."""

from __future__ import annotations

import pytest

from modelgen.operators import Conv2d, Linear
from modelgen.quantize.activations.placement import (
    is_named,
    layers_with_weights,
    on_integers,
    quantized_tensors,
    source_of,
)
from tests.support.float_layers import residual


def test_groups_and_what_is_merged() -> None:
    graph = residual()
    names = {node.name: node.output for node in graph.nodes}
    groups = quantized_tensors(graph)
    # The first convolution and the sum are merged with the ReLU behind them.
    assert names["first.0"] not in groups and names["add"] not in groups
    assert {"x", names["first.2"], names["second"], names["last"]} <= set(groups)
    # Max-pooling keeps the scale of what it reads.
    assert groups[names["pool"]] == groups[names["relu_1"]] == names["relu_1"]
    assert groups["x"] == "x"


def test_layers_may_stay_in_fp32() -> None:
    graph = residual()
    names = {node.name: node.output for node in graph.nodes}
    groups = quantized_tensors(graph, ["first", "last"])
    assert "x" not in groups and names["last"] not in groups
    # The sum still reads what the first layers write.
    assert names["first.2"] in groups
    assert [node.name for node in layers_with_weights(graph, ["first"])] == ["second", "last"]
    first = next(node for node in graph.nodes if node.name == "first.0")
    assert on_integers(graph, first) and not on_integers(graph, first, ["first"])


@pytest.mark.parametrize(
    ("layers", "expected"), [(["a"], True), (["a.b"], True), (["a.b.c"], False), (["a.bc"], False)]
)
def test_parts_of_modules_have_their_names(layers: list[str], expected: bool) -> None:
    assert is_named("a.b", layers) is expected


def test_moved_values_have_a_source() -> None:
    graph = residual()
    last = next(node for node in graph.nodes if isinstance(node.operator, Linear))
    source = graph.producer(source_of(graph, last.inputs[0]))
    assert source is not None and not source.operator.keeps_values
    convolution = next(node for node in graph.nodes if isinstance(node.operator, Conv2d))
    assert source_of(graph, convolution.output) == convolution.output
