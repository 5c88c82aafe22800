"""Activations and sums become part of the layer before; the results stay the same."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from modelgen.operators.epilogue import Epilogue
from modelgen.passes.fuse_pointwise import fuse_pointwise
from modelgen.passes.use_store_path import use_store_path
from tests.support.imported import check_same, maps, operators
from tests.support.networks import perceptron


@pytest.mark.parametrize(
    ("layers", "epilogue"),
    [
        ([nn.ReLU()], Epilogue(low=0.0)),
        ([nn.ReLU6(), nn.ReLU()], Epilogue(low=0.0, high=6.0)),
        ([nn.LeakyReLU(0.25), nn.ReLU6()], Epilogue(slope=0.25, low=0.0, high=6.0)),
        ([nn.Hardtanh(-2.0, 0.5)], Epilogue(low=-2.0, high=0.5)),
    ],
)
@pytest.mark.parametrize("first", [nn.Conv2d(3, 4, 3), nn.AvgPool2d(2), nn.BatchNorm2d(3)])
def test_fuse_activations(first: nn.Module, layers: list, epilogue: Epilogue) -> None:
    graph = maps(first, *layers)
    fused = fuse_pointwise(graph)
    (node,) = fused.nodes
    assert node.operator.epilogue == epilogue
    assert node.fused == tuple(str(index + 1) for index in range(len(layers)))
    check_same(graph, fused)


@pytest.mark.parametrize(
    "layers",
    [[nn.ReLU6(), nn.LeakyReLU(0.25)], [nn.Hardtanh(-2.0, -1.0), nn.Hardtanh(1.0, 2.0)]],
)
def test_activations_that_one_store_cannot_do(layers: list) -> None:
    graph = maps(nn.Conv2d(3, 4, 3), *layers)
    fused = fuse_pointwise(graph)
    assert operators(fused) == ["conv2d", "pointwise"]
    check_same(graph, fused)


class Branches(nn.Module):
    """A residual block; `twice` reads the convolution's output twice."""

    def __init__(self, twice: bool) -> None:
        super().__init__()
        self.twice = twice
        self.main = nn.Conv2d(3, 3, 3, padding=1)
        self.skip = nn.Conv2d(3, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        main, skip = self.main(x), self.skip(x)
        total = torch.relu(main + skip)
        return total + main + skip if self.twice else total


def test_an_addition_becomes_the_residual_of_the_larger_layer() -> None:
    graph = maps(Branches(twice=False))
    fused = fuse_pointwise(graph)
    assert operators(fused) == ["conv2d", "conv2d"]
    skip, main = fused.nodes
    assert (skip.name, main.name) == ("0.skip", "0.main")
    assert main.inputs == (graph.inputs[0], skip.output)
    assert main.operator.epilogue == Epilogue(residual=True, low=0.0)
    check_same(graph, fused)


def test_what_others_read_is_not_fused() -> None:
    graph = maps(Branches(twice=True))
    fused = fuse_pointwise(graph)
    assert operators(fused) == ["conv2d", "conv2d", "pointwise", "pointwise", "pointwise"]
    check_same(graph, fused)


class Doubled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layer(x)
        return y + y


def test_a_sum_with_itself_stays() -> None:
    graph = maps(Doubled())
    fused = fuse_pointwise(graph)
    assert operators(fused) == ["conv2d", "pointwise"]
    check_same(graph, fused)


class Gate(nn.Module):
    """A function of the input times another layer's output."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x) * self.layer(x)


@pytest.mark.parametrize("layer", [nn.MaxPool2d(3, 1, 1), nn.Conv2d(3, 3, 1)])
def test_a_function_of_one_factor_is_not_applied_to_the_other(layer: nn.Module) -> None:
    graph = use_store_path(maps(Gate(layer)))
    check_same(graph, fuse_pointwise(graph))


def test_fuse_relu() -> None:
    graph = fuse_pointwise(perceptron(1, [4, 3, 2]))
    assert operators(graph) == ["linear", "linear"]
    assert graph.nodes[0].operator.epilogue == Epilogue(low=0.0)
    assert (graph.nodes[0].fused, graph.nodes[0].output) == (("relu0",), "relu0")
    assert graph.nodes[1].operator.epilogue == Epilogue()
