"""Networks that take and return integers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.arguments import Argument
from modelgen.frontends.torch_export.importer import import_with_origins
from modelgen.ir.execute_exact import run_graph
from modelgen.ir.graph import Contract, ElementType, Graph
from modelgen.ir.numbers import numbers_of, quantized_inputs
from modelgen.ir.packing import pack_inputs
from modelgen.passes.integers.fuse import fuse_integers
from modelgen.passes.integers.interface import with_integer_interface
from modelgen.passes.integers.prepare import prepare
from modelgen.passes.simplify import simplify
from modelgen.quantize.activations.post_training import Recipe, quantize_activations
from modelgen.quantize.weights import quantize
from tests.support.float_layers import FEATURES, inputs, residual, rows


def finished(graph: Graph) -> Graph:
    return quantize(simplify(graph))


def both(graph: Graph, in_fp32: tuple[str, ...] = ()) -> tuple[Graph, Graph]:
    """Return a quantized network with numbers, and with integers, at its ends."""
    recipe = Recipe(in_fp32=in_fp32, interface=True)
    fused = fuse_integers(quantize_activations(graph, rows(graph, 20), recipe), Contract.EXACT)
    return finished(fused), finished(with_integer_interface(fused))


def assert_equal(outer: Graph, inner: Graph) -> None:
    """The integers stand for what the network with numbers at its ends returns, bit for bit."""
    given = inputs(5, seed=3)
    expected = run_graph(outer, pack_inputs(outer, [given]), 8)
    found = run_graph(inner, pack_inputs(inner, quantized_inputs(inner, [given])), 8)
    assert found.dtype == np.int8
    np.testing.assert_array_equal(numbers_of(inner, found), expected)


def test_nothing_converts_inputs_and_outputs() -> None:
    outer, inner = both(residual())
    kinds = [node.operator.name for node in inner.nodes]
    assert "quantize" not in kinds and "dequantize" not in kinds
    assert [node.operator.name for node in outer.nodes][:: len(outer.nodes) - 1] == [
        "quantize",
        "dequantize",
    ]
    ends = [inner.tensors[name] for name in (*inner.inputs, *inner.outputs)]
    assert all(tensor.element is ElementType.INT8 and tensor.quantization for tensor in ends)
    assert inner.inputs == outer.inputs
    assert_equal(outer, inner)


def test_layers_in_fp32_at_the_ends_convert_themselves() -> None:
    outer, inner = both(residual(), ("first", "last"))
    kinds = [node.operator.name for node in inner.nodes if node.operator.takes_time]
    assert kinds[0] == "dequantize" and kinds[-1] == "quantize"
    assert_equal(outer, inner)


def test_outputs_without_integers_are_refused() -> None:
    graph = residual()
    last = next(node for node in graph.nodes if node.name == "last")
    graph.constants[last.constants["bias"]][0] = -np.inf
    quantized = quantize_activations(graph, rows(graph, 20), Recipe(interface=True))
    with pytest.raises(ModelError, match=f"'{graph.outputs[0]}' has no integers"):
        with_integer_interface(fuse_integers(quantized, Contract.EXACT))


def test_inputs_without_integers_are_refused() -> None:
    with pytest.raises(ModelError, match="'x' has no integers: it stays FP32"):
        with_integer_interface(residual())


class Moved(nn.Module):
    """Returns two tensors, one of them moved, and leaves an input unread."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(2, 3, 3)

    def forward(self, x: Tensor, unread: Tensor) -> tuple[Tensor, Tensor]:
        y = self.layer(x)
        return torch.relu(y), y.flatten(1)


def test_several_inputs_and_moved_outputs() -> None:
    torch.manual_seed(0)
    graph = prepare(import_with_origins(Moved(), [Argument(FEATURES), Argument((4,))], 1).graph)
    given = [inputs(6), np.zeros((6, 4), np.float32)]
    quantized = quantize_activations(graph, pack_inputs(graph, given), Recipe(interface=True))
    fused = fuse_integers(quantized, Contract.EXACT)
    outer, inner = finished(fused), finished(with_integer_interface(fused))
    expected = run_graph(outer, pack_inputs(outer, given), 8)
    found = run_graph(inner, pack_inputs(inner, quantized_inputs(inner, given)), 8)
    np.testing.assert_array_equal(numbers_of(inner, found), expected)
