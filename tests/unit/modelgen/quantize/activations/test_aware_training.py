"""Quantization-aware training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.ir.execute import predictions, run_graph
from modelgen.ir.graph import Graph
from modelgen.quantize.activations.aware_training import Schedule, train_aware
from modelgen.quantize.activations.observation import outputs_of
from modelgen.quantize.activations.post_training import Recipe, quantize_activations
from tests.support.float_layers import inputs, residual, rows

COARSE = Recipe(scheme="per_tensor", bits_of=lambda layer: 4)
SCHEDULE = Schedule(steps=120, batch=32, learning_rate=1e-2, seed=1)


def balanced() -> Graph:
    """A network that predicts all classes."""
    graph = residual()
    last = next(node for node in graph.nodes if node.name == "last")
    name = last.constants["bias"]
    bias = graph.constants[name] - run_graph(graph, rows(graph, 200)).mean(axis=0)
    return replace(graph, constants={**graph.constants, name: bias})


def trained(graph: Graph, schedule: Schedule, track: object = iter) -> tuple[Graph, np.ndarray]:
    """The trained graph, and the classes that the float graph gives its training inputs."""
    values = inputs(200)
    labels = predictions(run_graph(graph, rows(graph, 200)))
    assert callable(track)
    found = train_aware(graph, [values], labels, rows(graph, 32), COARSE, schedule, track)
    return found, labels


def share(graph: Graph, labels: np.ndarray) -> float:
    """The share of training inputs that the quantized graph gives its label."""
    quantized = quantize_activations(graph, rows(graph, 32), COARSE)
    return float((predictions(outputs_of(quantized, rows(graph, 200))) == labels).mean())


def test_the_network_gets_used_to_its_integers() -> None:
    graph = balanced()
    found, labels = trained(graph, SCHEDULE)
    assert share(found, labels) > share(graph, labels) + 0.02
    assert [node for node in found.nodes] == [node for node in graph.nodes]


def test_the_same_seed_gives_the_same_weights() -> None:
    seen: list[int] = []

    def track(steps: range) -> Iterable[int]:
        for step in steps:
            seen.append(step)
            yield step

    short = replace(SCHEDULE, steps=3)
    (first, _), (second, _) = (trained(balanced(), short, track) for _ in range(2))
    assert seen == [0, 1, 2] * 2
    for name, values in first.constants.items():
        np.testing.assert_array_equal(values, second.constants[name])


def test_divergence_is_told() -> None:
    graph = residual()
    values, labels = np.full_like(inputs(8), np.nan), np.zeros(8, np.int64)
    schedule = replace(SCHEDULE, steps=2)
    with pytest.raises(ModelError, match=r"training diverged\. Lower 'learning_rate'"):
        train_aware(graph, [values], labels, rows(graph, 8), COARSE, schedule)
