"""Functions and products that the store path computes; the results stay the same."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.operators import ChannelScale, Conv2d, Pointwise
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.simplify import simplify
from modelgen.passes.use_store_path import use_store_path
from tests.support.imported import check_same, maps, operators


@pytest.mark.parametrize(
    ("module", "function"),
    [(nn.SiLU(), "silu"), (nn.Hardswish(), "hardswish"), (nn.GELU(), "gelu"), (nn.Tanh(), "tanh")],
)
def test_functions_with_a_table(module: nn.Module, function: str) -> None:
    graph = maps(nn.Conv2d(3, 4, 3), module)
    found = use_store_path(graph)
    assert found.nodes[1].operator == Pointwise(Epilogue(function=function))
    check_same(graph, found)
    (fused,) = simplify(graph).nodes
    assert isinstance(fused.operator, Conv2d)
    assert fused.operator.epilogue == Epilogue(function=function)


def test_a_hard_sigmoid_is_a_scale_and_a_clamp() -> None:
    graph = maps(nn.Conv2d(3, 4, 3), nn.Hardsigmoid())
    check_same(graph, simplify(graph))
    (fused,) = simplify(graph).nodes
    assert fused.operator.epilogue == Epilogue(low=0.0, high=1.0)


@pytest.mark.parametrize("layers", [[nn.ELU()], [nn.AdaptiveAvgPool2d(1), nn.Sigmoid()]])
def test_functions_without_a_table_and_of_few_values_stay(layers: list) -> None:
    graph = maps(*layers)
    assert operators(use_store_path(graph)) == operators(graph)


def test_a_maximum_is_not_taken_before_a_function_that_falls_and_rises() -> None:
    graph = maps(nn.Conv2d(3, 4, 3), nn.SiLU(), nn.MaxPool2d(2))
    found = simplify(graph)
    assert operators(found) == ["conv2d", "max_pool2d"]
    check_same(graph, found)


def test_a_table_that_is_there_serves_few_values_too() -> None:
    layers = [nn.Conv2d(3, 4, 3), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 4, 1)]
    found = simplify(maps(*layers, nn.Sigmoid()))
    assert "elementwise" not in operators(found)


class Excitation(nn.Module):
    """Squeeze and excitation, and a product of two maps."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(3, 64, 3)
        self.squeeze = nn.Conv2d(64, 64, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.inner(x)
        scaled = torch.sigmoid(self.squeeze(inner.mean((2, 3), keepdim=True))) * inner
        return scaled * torch.tanh(inner)


def test_products_of_maps_and_of_a_map_and_a_vector() -> None:
    torch.manual_seed(0)
    graph = import_model(Excitation(), (3, 8, 6), 1)
    found = simplify(graph)
    kinds = [type(node.operator) for node in found.nodes]
    assert ChannelScale in kinds
    assert "binary" not in operators(found)
    assert "elementwise" not in operators(found)
    scaled = next(node for node in found.nodes if isinstance(node.operator, ChannelScale))
    assert scaled.operator.epilogue.product
    check_same(graph, found)


def test_products_with_constants_and_along_other_dimensions_stay() -> None:
    class Rows(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * x.mean(3, keepdim=True)

    graph = import_model(Rows(), (3, 8, 6), 1)
    assert "binary" in operators(use_store_path(graph))
