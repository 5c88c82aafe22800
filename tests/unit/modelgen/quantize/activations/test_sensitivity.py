"""Each layer alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelgen.ir.graph import Node
from modelgen.quantize.activations.sensitivity import sensitivities, signal_to_noise
from modelgen.quantize.weights import quantize_weight
from tests.support.float_layers import residual, rows


def weights(node: Node, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return quantize_weight(matrix, "per_channel", "max", 8)


def test_ratios() -> None:
    values = np.array([[3.0, 4.0]])
    assert signal_to_noise(values, values) == 120.0
    assert signal_to_noise(values, 1.1 * values) == pytest.approx(20.0)
    assert signal_to_noise(values, -values) == pytest.approx(-6.0206)


def test_the_layer_with_an_outlier_is_the_most_sensitive() -> None:
    graph = residual()
    given = rows(graph, 16)
    found = sensitivities(graph, given, weights, "minmax")
    assert [each.layer for each in found] == ["first.0", "second", "last"]
    assert all(20.0 < each.signal_to_noise < 100.0 for each in found)
    second = next(node for node in graph.nodes if node.name == "second")
    name = second.constants["weight"]
    weight = graph.constants[name].copy()
    # One large weight takes the resolution from all others.
    weight[:, 1, 1, 0] *= 30.0
    worse = replace(graph, constants={**graph.constants, name: weight})
    changed = sensitivities(worse, given, weights, "minmax")
    assert min(changed, key=lambda each: each.signal_to_noise).layer == "second"


def test_layers_beside_tensors_with_infinite_values() -> None:
    """Such tensors stay FP32, and the layers that read or write them have a ratio too."""
    graph = residual()
    second = next(node for node in graph.nodes if node.name == "second")
    name = second.constants["bias"]
    endless = np.full_like(graph.constants[name], -np.inf)
    changed = replace(graph, constants={**graph.constants, name: endless})
    found = sensitivities(changed, rows(graph, 16), weights, "minmax")
    assert [each.layer for each in found] == ["first.0", "second", "last"]
    assert all(each.signal_to_noise > 20.0 for each in found)
