"""From a float graph to one on integers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.errors import ModelError
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Contract, Graph
from modelgen.operators import IntegerAdd, IntegerConv2d, IntegerLinear
from modelgen.passes.append_softmax import append_softmax
from modelgen.passes.integers.fuse import fuse_integers
from modelgen.quantize.activations.post_training import (
    Recipe,
    quantize_activations,
    quantize_untrained,
)
from modelgen.quantize.activations.sensitivity import signal_to_noise
from modelgen.quantize.weights import quantize
from tests.support.float_layers import residual, rows


def quantized(graph: Graph, recipe: Recipe) -> Graph:
    found = quantize_activations(graph, rows(graph, 40), recipe)
    return quantize(fuse_integers(found, Contract.EXACT))


def ratio(graph: Graph, recipe: Recipe) -> float:
    given = rows(graph, 40, seed=5)
    return signal_to_noise(run_graph(graph, given), run_graph(quantized(graph, recipe), given))


RECIPES = [
    *(Recipe(calibration=method) for method in ("minmax", "mse", "percentile")),
    Recipe(scheme="per_tensor"),
    Recipe(choice="mse"),
    Recipe(equalization=True),
    Recipe(bias_correction=True),
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_results_are_close(recipe: Recipe) -> None:
    assert ratio(residual(), recipe) > 24.0


def test_everything_is_on_integers() -> None:
    graph = quantized(residual(), Recipe())
    kinds = [node.operator.name for node in graph.nodes]
    assert kinds[0] == "quantize" and kinds[-1] == "dequantize"
    assert kinds.count("quantize") == kinds.count("dequantize") == 1
    # The ReLU behind the sum is its clamp.
    (total,) = (node for node in graph.nodes if isinstance(node.operator, IntegerAdd))
    assert total.operator.clamp.low == total.operator.output_zero_point


def test_outputs_of_a_softmax_have_its_scale() -> None:
    graph = append_softmax(residual())
    kinds = []
    for found in (
        quantize_activations(graph, rows(graph, 9), Recipe(interface=True)),
        quantize_untrained(graph, Recipe(interface=True)),
    ):
        assert found.tensors["softmax.quantized"].quantization == Quantization(1 / 256, -128)
        kinds.append([node.operator.name for node in fuse_integers(found, Contract.EXACT).nodes])
    assert kinds[0] == kinds[1] and kinds[0][-2:] == ["integer_softmax", "dequantize"]


def test_four_bits() -> None:
    graph = quantized(residual(), Recipe(bits_of=lambda layer: 4 if layer == "second" else 8))
    largest = {
        node.name: int(np.abs(graph.arrays(node)["weight"]).max())
        for node in graph.nodes
        if isinstance(node.operator, IntegerConv2d | IntegerLinear)
    }
    assert largest == {"first.0": 127, "second": 7, "last": 127}
    corrected = Recipe(bits_of=lambda layer: 4, bias_correction=True)
    assert ratio(residual(), corrected) > ratio(
        residual(), replace(corrected, bias_correction=False)
    )


def test_some_layers_in_fp32() -> None:
    graph = quantized(residual(), Recipe(in_fp32=("first",)))
    kinds = {node.name: node.operator.name for node in graph.nodes}
    assert kinds["first.0"] == "conv2d" and kinds["second"] == "integer_conv2d"
    assert ratio(residual(), Recipe(in_fp32=("first",))) > 24.0


def test_weights_that_are_not_finite_are_named() -> None:
    graph = residual()
    # The weights of the last layer: activations of all others are finite.
    last = next(node for node in graph.nodes if node.name == "last")
    name = last.constants["weight"]
    broken = replace(graph, constants={**graph.constants, name: graph.constants[name] * np.nan})
    with pytest.raises(ModelError, match="NaN"):
        quantize_activations(broken, rows(graph, 4), Recipe(in_fp32=()))
