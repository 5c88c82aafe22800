"""A network in all precisions side by side, and what each layer contributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from modelgen.ir.execute import accuracy, predictions
from modelgen.ir.graph import Graph, Node
from modelgen.ir.packing import pack_inputs, rows_of_samples
from modelgen.quantize.activations.insertion import WeightQuantizer, with_integers
from modelgen.quantize.activations.observation import outputs_of
from modelgen.quantize.activations.placement import layers_with_weights
from modelgen.quantize.activations.post_training import Recipe, quantize_activations
from modelgen.quantize.activations.sensitivity import sensitivities, signal_to_noise
from modelgen.quantize.weights import BitsOf, quantize_weight
from modelgen.stages.files import Samples

_PRECISIONS = (("fp32", 8), ("fp32", 4), ("int8", 8), ("int8", 4))
"""Activations, and bits of the weights."""


def compare(
    graph: Graph, rows: np.ndarray, recipe: Recipe, samples: Samples, *, classes: bool
) -> dict[str, Any]:
    """Return accuracies and signal to noise of all precisions, and sensitivities of the layers.

    Simulated in FP32: results may differ from those on integers where a value is between two.

    Args:
        graph: of float operators, as `modelgen.passes.integers.prepare` makes it.
        rows: of calibration inputs; see `modelgen.ir.packing`.
        recipe: how the network is quantized, but for the precisions.
        samples: of the test set.
        classes: whether outputs are classes.
    """
    tests = pack_inputs(graph, samples.inputs)
    expected = _outputs(graph, tests, len(samples.outputs))
    variants = []
    for activations, bits in _PRECISIONS:
        own = replace(recipe, bits_of=_always(bits))
        quantized = _in_precision(graph, rows, own, activations)
        found = _outputs(quantized, tests, len(samples.outputs))
        figures = _figures(expected, found, samples.labels if classes else None, classes=classes)
        variants.append({"activations": activations, "weights": f"int{bits}", **figures})
    layers = {
        f"int{bits}": [
            asdict(each)
            for each in sensitivities(graph, rows, _weights_of(recipe, bits), recipe.calibration)
        ]
        for bits in (8, 4)
    }
    return {"variants": variants, "sensitivity": layers}


def _in_precision(graph: Graph, rows: np.ndarray, recipe: Recipe, activations: str) -> Graph:
    if activations == "int8":
        return quantize_activations(graph, rows, recipe)
    layers = [node.output for node in layers_with_weights(graph)]
    bits = recipe.bits_of("")
    return with_integers(graph, {}, layers, _weights_of(recipe, bits))


def _always(bits: int) -> BitsOf:
    return lambda layer: bits


def _weights_of(recipe: Recipe, bits: int) -> WeightQuantizer:
    def weights(node: Node, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return quantize_weight(matrix, recipe.scheme, recipe.choice, bits)

    return weights


def _outputs(graph: Graph, rows: np.ndarray, count: int) -> np.ndarray:
    return rows_of_samples(graph, outputs_of(graph, rows))[:count]


def _figures(
    expected: np.ndarray, found: np.ndarray, labels: np.ndarray | None, *, classes: bool
) -> Mapping[str, float | None]:
    same = float((predictions(found) == predictions(expected)).mean()) if classes else None
    return {
        "accuracy": None if labels is None else accuracy(found, labels),
        "same_prediction": same,
        "signal_to_noise": signal_to_noise(expected, found),
    }
