"""Which tensors become integers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from modelgen.errors import ModelError
from modelgen.operators import Concatenate, Conv2d, Linear
from modelgen.passes.integers.prepare import prepare
from modelgen.quantize.activations.placement import (
    is_named,
    layers_with_weights,
    on_integers,
    quantized_tensors,
    source_of,
)
from tests.support.float_layers import residual
from tests.support.imported import import_model


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


def test_inputs_and_outputs_may_become_integers() -> None:
    graph = residual()
    groups = quantized_tensors(graph, ["first", "last"], interface=True)
    last = source_of(graph, graph.outputs[0])
    assert groups["x"] == "x" and groups[last] == last


def test_indices_cannot_become_integers_of_8_bits() -> None:
    class Best(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.argmax(x, dim=1)

    graph = prepare(import_model(Best(), (5,), 1))
    assert not quantized_tensors(graph)
    with pytest.raises(ModelError, match="Layer 'argmax' returns indices, which no INT8 output"):
        quantized_tensors(graph, interface=True)


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


class Joined(nn.Module):
    """A concatenation that a ReLU follows, and a sum with a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.arange(24.0).reshape(6, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        both = torch.cat((x, x), 1).relu()
        assert isinstance(self.table, torch.Tensor)
        return both + self.table


def test_concatenations_have_integers_of_their_own() -> None:
    """They are not merged with the clamp behind them, as sums are; constants stay as they are."""
    graph = prepare(import_model(Joined(), (3, 4), 1))
    groups = quantized_tensors(graph)
    (joined,) = (node for node in graph.nodes if isinstance(node.operator, Concatenate))
    assert groups[joined.output] == groups["x"]
    assert not set(groups) & set(graph.constants)
