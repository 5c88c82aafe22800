"""Post-training quantization of activations and weights, from a float graph and some inputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.softmax import SHARES
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Softmax
from modelgen.quantize.activations.calibration import calibrate
from modelgen.quantize.activations.correction import correct_biases
from modelgen.quantize.activations.equalization import equalize
from modelgen.quantize.activations.insertion import with_integers
from modelgen.quantize.activations.placement import (
    layers_with_weights,
    output_sources,
    quantized_tensors,
)
from modelgen.quantize.weights import BitsOf, check_finite, quantize_weight

_ANY = Quantization(1.0, -128)
"""With the zero point of what a ReLU gives."""


def _eight(layer: str) -> int:
    return 8


@dataclass(frozen=True)
class Recipe:
    """How a network is quantized."""

    scheme: str = "per_channel"
    """Of the weights: see `modelgen.quantize.weights`."""
    choice: str = "max"
    """Of the weights' scales: see there."""
    bits_of: BitsOf = _eight
    """Of the weights of a layer."""
    calibration: str = "mse"
    """How ranges of activations are chosen: see `calibration.METHODS`."""
    equalization: bool = False
    """Whether channels are equalized: see `equalization`."""
    bias_correction: bool = False
    """Whether biases are corrected: see `correction`."""
    in_fp32: Collection[str] = field(default_factory=tuple)
    """Layers whose activations stay FP32."""
    interface: bool = False
    """Whether inputs and outputs become integers, whatever reads and writes them."""


def quantize_activations(graph: Graph, rows: np.ndarray, recipe: Recipe) -> Graph:
    """Return a graph with Quantize and Dequantize around what can be computed on integers.

    Args:
        graph: of float operators, as `modelgen.passes.integers.prepare` makes it.
        rows: of calibration inputs; see `modelgen.ir.packing`.
        recipe: how.

    Raises:
        ModelError: weights or activations are not finite, or an output cannot be an integer.
    """
    if recipe.equalization:
        graph = equalize(graph)
    groups = quantized_tensors(graph, recipe.in_fp32, interface=recipe.interface)
    quantized = _quantized(graph, calibrate(graph, rows, groups, recipe.calibration), recipe)
    return correct_biases(graph, quantized, rows) if recipe.bias_correction else quantized


def quantize_untrained(graph: Graph, recipe: Recipe) -> Graph:
    """Return the same for a network whose values are not known yet: all scales are one.

    What the network costs does not depend on them.
    """
    groups = quantized_tensors(graph, recipe.in_fp32, interface=recipe.interface)
    return _quantized(graph, dict.fromkeys(groups, _ANY), recipe)


def _quantized(graph: Graph, quantizations: Mapping[str, Quantization], recipe: Recipe) -> Graph:
    def weights(node: Node, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        check_finite(node, "weights", matrix)
        return quantize_weight(matrix, recipe.scheme, recipe.choice, recipe.bits_of(node.name))

    if recipe.interface:
        quantizations = {**quantizations, **_of_softmax(graph)}
    layers = [node.output for node in layers_with_weights(graph, recipe.in_fp32)]
    return with_integers(graph, quantizations, layers, weights)


def _of_softmax(graph: Graph) -> dict[str, Quantization]:
    """Return the quantization of each output that a softmax on integers can write."""
    found = {}
    for name in output_sources(graph):
        node = graph.producer(name)
        if node is not None and isinstance(node.operator, Softmax) and not node.operator.log:
            found[name] = SHARES
    return found
