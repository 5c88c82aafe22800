"""Reshapes between layers: combined, dropped, or moved behind element-wise layers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from modelgen.ir.graph import Graph
from modelgen.passes.fold_reshape import fold_reshape
from modelgen.passes.simplify import simplify
from tests.support.imported import operators
from tests.support.same import check_same


class Residual(nn.Module):
    """Two convolutions over sequences, added; the shortcut comes last."""

    def __init__(self, *, first: bool) -> None:
        super().__init__()
        self.one, self.two = nn.Conv1d(4, 4, 3, padding=1), nn.Conv1d(4, 4, 1)
        self.first = first

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        one = self.one(x)
        two = self.two(torch.relu(one))
        return torch.relu(one + two if self.first else two + one)


def layers(graph: Graph) -> list[str]:
    return [name for name in operators(simplify(graph)) if name not in ("reshape", "permute")]


def test_layers_over_sequences_are_fused() -> None:
    model = nn.Sequential(nn.Conv1d(4, 5, 3), nn.BatchNorm1d(5), nn.ReLU(), nn.MaxPool1d(2))
    graph = check_same(model, shape=(4, 12))
    assert layers(graph) == ["conv2d"]


@pytest.mark.parametrize("first", [False, True])
def test_sums_over_sequences_are_fused(*, first: bool) -> None:
    graph = check_same(Residual(first=first), shape=(4, 12))
    assert layers(graph) == ["conv2d", "pointwise", "conv2d"]


def test_constants_of_features_stay_where_there_are_as_many() -> None:
    model = nn.Sequential(nn.Conv2d(4, 2, 1), nn.Flatten(), nn.BatchNorm1d(216))
    graph = fold_reshape(check_same(model))
    assert operators(graph)[-2:] == ["reshape", "pointwise"]


def test_reshapes_that_cancel_are_dropped() -> None:
    graph = check_same(nn.Sequential(nn.Flatten(), nn.Unflatten(1, (4, 12, 9)), nn.ReLU()))
    assert operators(fold_reshape(graph)) == ["pointwise"]
