"""How much the results suffer from each layer, if it alone is quantized."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.quantize.activations.calibration import calibrate
from modelgen.quantize.activations.insertion import WeightQuantizer, with_integers
from modelgen.quantize.activations.observation import outputs_of
from modelgen.quantize.activations.placement import (
    layers_with_weights,
    quantized_tensors,
    source_of,
)

_LARGEST = 120.0
"""Ratio in dB that stands for results without an error."""


@dataclass(frozen=True)
class Sensitivity:
    """What quantizing one layer does to the network's outputs."""

    layer: str
    signal_to_noise: float
    """Of the outputs in dB: 10 log10 of the sum of squares, divided by that of the errors."""


def sensitivities(
    graph: Graph, rows: np.ndarray, quantize_weight: WeightQuantizer, method: str
) -> list[Sensitivity]:
    """Return the sensitivity of each layer with weights, in order.

    Args:
        graph: of float operators, as `modelgen.passes.integers.prepare` makes it.
        rows: of inputs; see `modelgen.ir.packing`.
        quantize_weight: for the weights.
        method: how ranges are chosen: see `calibration.METHODS`.
    """
    quantizations = calibrate(graph, rows, quantized_tensors(graph), method)
    expected = outputs_of(graph, rows)
    found = []
    for layer in layers_with_weights(graph):
        alone = {name: quantizations[name] for name in _around(graph, layer, quantizations)}
        results = outputs_of(with_integers(graph, alone, [layer.output], quantize_weight), rows)
        found.append(Sensitivity(layer.name, signal_to_noise(expected, results)))
    return found


def _around(graph: Graph, layer: Node, quantized: Collection[str]) -> list[str]:
    """Return the tensors that a layer reads and writes as integers."""
    around = [source_of(graph, name) for name in layer.inputs]
    readers = graph.consumers(layer.output)
    if layer.output not in quantized and len(readers) == 1:
        # A clamp behind it is merged with it.
        around.append(readers[0].output)
    else:
        around.append(layer.output)
    # Tensors with infinite values stay FP32.
    return [name for name in around if name in quantized]


def signal_to_noise(expected: np.ndarray, results: np.ndarray) -> float:
    """Return the ratio of expected results to their errors in dB, at most 120."""
    signal = float((expected.astype(np.float64) ** 2).sum())
    noise = float(((results.astype(np.float64) - expected) ** 2).sum())
    if noise <= signal * 10.0 ** (-_LARGEST / 10.0):
        return _LARGEST
    return 10.0 * float(np.log10(max(signal, 1e-300) / noise))
