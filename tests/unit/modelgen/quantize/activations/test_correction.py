"""Biases that make up for mean errors."""

from __future__ import annotations

import numpy as np

from modelgen.quantize.activations.calibration import calibrate
from modelgen.quantize.activations.correction import correct_biases
from modelgen.quantize.activations.insertion import with_integers
from modelgen.quantize.activations.observation import observe
from modelgen.quantize.activations.placement import layers_with_weights, quantized_tensors
from modelgen.quantize.weights import quantize_weight
from tests.support.float_layers import residual, rows


def test_means_become_those_of_the_float_layers() -> None:
    graph = residual()
    given = rows(graph, 24)
    quantizations = calibrate(graph, given, quantized_tensors(graph), "minmax")
    layers = [node.output for node in layers_with_weights(graph)]
    quantized = with_integers(
        graph, quantizations, layers, lambda _, m: quantize_weight(m, "per_channel", "max", 4)
    )
    corrected = correct_biases(graph, quantized, given)
    (wanted,), (before,), (after,) = (
        list(observe(each, given)) for each in (graph, quantized, corrected)
    )

    def shift(found: dict[str, np.ndarray], name: str) -> float:
        errors = found[name] - wanted[name]
        return float(np.abs(errors.reshape(-1, errors.shape[-1]).mean(axis=0)).max())

    assert layers
    for name in layers:
        assert shift(after, name) < max(shift(before, name) / 5, 1e-4)
