"""`x * a + b` becomes part of the layer that reads it, where that gives the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Graph
from modelgen.passes.fold_affine import fold_affine
from modelgen.passes.simplify import simplify

Function = Callable[..., torch.Tensor]


class Model(nn.Module):
    """A function of layers."""

    def __init__(self, function: Function, *layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.layers = nn.ModuleList(layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x, *self.layers)


def imported(function: Function, *layers: nn.Module) -> Graph:
    torch.manual_seed(0)
    for layer in layers:
        layer.reset_parameters()
    return import_model(Model(function, *layers).eval(), (3, 5, 4), 1)


def read_twice(x: torch.Tensor, layer: nn.Module) -> torch.Tensor:
    doubled = x * 2
    return layer(doubled) + doubled


def names(graph: Graph) -> list[str]:
    return [node.operator.name for node in graph.nodes]


def check_same(one: Graph, other: Graph) -> None:
    values = np.random.default_rng(0).standard_normal((2, 5, 4, 3)).astype(np.float32)
    np.testing.assert_allclose(run_graph(one, values), run_graph(other, values), atol=1e-5)


@pytest.mark.parametrize(
    ("function", "layer"),
    [
        (lambda x, layer: layer(x / 255), nn.Conv2d(3, 4, 3)),
        (lambda x, layer: layer(x * 2 - 1), nn.Conv2d(3, 4, 3, bias=False)),
        (lambda x, layer: layer(3 - x), nn.Conv2d(3, 3, 2, groups=3)),
        (lambda x, layer: layer(-x), nn.Conv2d(3, 4, 3, padding=1)),
        (lambda x, layer: layer((0.5 + x).flatten(1)), nn.Linear(60, 4)),
        (lambda x, layer: layer((x - 2).mul_(4)), nn.Conv2d(3, 4, 2)),
    ],
    ids=["quotient", "both", "depthwise", "padding", "flattened", "in-place"],
)
def test_it_goes_into_the_weights(function: Function, layer: nn.Module) -> None:
    graph = imported(function, layer)
    folded = simplify(graph)
    assert "pointwise" not in names(folded)
    assert [node for node in folded.nodes if node.fused]
    check_same(graph, folded)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, layer: layer(x + 1),
        read_twice,
        lambda x, layer: layer(torch.relu(x * 2)),
        lambda x, layer: layer(x) * 2,
    ],
    ids=["padding", "another-reader", "activation", "behind"],
)
def test_what_would_give_something_else_stays(function: Function) -> None:
    graph = imported(function, nn.Conv2d(3, 3, 3, padding=1))
    assert names(fold_affine(graph)) == names(graph)


@pytest.mark.parametrize("statistic", ["running_mean", "running_var"])
def test_another_factor_or_constant_for_each_channel_stays(statistic: str) -> None:
    norm = nn.BatchNorm2d(3)
    model = Model(lambda x, norm, conv: conv(norm(x)), norm, nn.Conv2d(3, 4, 3)).eval()
    getattr(norm, statistic).copy_(torch.tensor([0.25, 0.5, 1.0]))
    graph = import_model(model, (3, 5, 4), 1)
    assert names(fold_affine(graph)) == ["pointwise", "conv2d", "permute"]
