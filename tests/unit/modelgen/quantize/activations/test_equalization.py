"""Channels with similar weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Graph
from modelgen.passes.integers.prepare import prepare
from modelgen.quantize.activations.equalization import equalize

VALUES = np.random.default_rng(1).normal(size=(9, 3, 8, 8)).astype(np.float32)


def graph_of(*layers: nn.Module) -> Graph:
    torch.manual_seed(3)
    model = nn.Sequential(*layers)
    factors = torch.logspace(-2, 2, len(model[0].weight)).reshape(-1, 1, 1, 1)
    with torch.no_grad():
        model[0].weight.mul_(factors)
    return prepare(import_model(model, (3, 8, 8), 1))


def spread(graph: Graph) -> float:
    """The largest range of a channel of the first layer, divided by the smallest."""
    weight = graph.arrays(graph.nodes[0])["weight"]
    ranges = np.abs(weight).reshape(len(weight), -1).max(axis=1)
    return float(ranges.max() / ranges.min())


def results(graph: Graph) -> np.ndarray:
    return run_graph(graph, VALUES.transpose(0, 2, 3, 1).reshape(9, -1))


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3)],
        [nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 2, 1)],
        [nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.1), nn.Conv2d(4, 5, 1, bias=False)],
    ],
)
def test_results_stay_and_ranges_come_closer(layers: list[nn.Module]) -> None:
    graph = graph_of(*layers)
    found = equalize(graph)
    expected = results(graph)
    np.testing.assert_allclose(results(found), expected, atol=1e-5 * np.abs(expected).max())
    assert spread(found) < spread(graph) / 50


@pytest.mark.parametrize(
    "layers",
    [
        # Other bounds than 0 would have to be scaled, too.
        [nn.Conv2d(3, 4, 3), nn.ReLU6(), nn.Conv2d(4, 5, 3)],
        [nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3, groups=2)],
        [nn.Conv2d(3, 4, 3), nn.Sigmoid(), nn.Conv2d(4, 5, 3)],
    ],
)
def test_others_are_left_alone(layers: list[nn.Module]) -> None:
    graph = graph_of(*layers)
    assert spread(equalize(graph)) == spread(graph)
