"""Concatenations and stacks: what torch gives, and what is moved for it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.support.same import Function, check_same


@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1])
@pytest.mark.parametrize("conv", [False, True])
def test_concatenation_along_any_dimension(axis: int, *, conv: bool) -> None:
    before = [nn.Conv2d(4, 4, 3, padding=1)] if conv else []
    model = Function(lambda x: torch.cat([x, x * 2, x.flip(axis)], axis))
    check_same(nn.Sequential(*before, model))


@pytest.mark.parametrize("axis", [0, 1, 2, 3, 4, -1])
@pytest.mark.parametrize("conv", [False, True])
def test_stack_along_any_dimension(axis: int, *, conv: bool) -> None:
    before = [nn.Conv2d(4, 4, 3, padding=1)] if conv else []
    check_same(nn.Sequential(*before, Function(lambda x: torch.stack([x, x * 2], axis))))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.hstack([x, x * 2]),
        lambda x: torch.concatenate([x, x[:, :1]], axis=1),
        lambda x: torch.cat([x, torch.ones(1, 2, 12, 9)], 1),
        lambda x: torch.cat([torch.zeros(0), x], 1),
    ],
)
def test_other_forms(function: object) -> None:
    check_same(Function(function))


def test_tensors_of_one_dimension_are_joined_as_rows() -> None:
    """The engine writes rows side by side, not single elements."""
    graph = check_same(Function(lambda x: torch.cat([x.argmax(1), x.argmin(1)])), shape=(9,))
    (node,) = (node for node in graph.nodes if node.operator.name == "concatenate")
    assert graph.shapes(node) == [(1, 1), (1, 1)]


def test_channels_of_maps_are_concatenated_where_they_are() -> None:
    one, two = nn.Conv2d(4, 3, 1), nn.Conv2d(4, 2, 1)
    model = Function(lambda x: torch.cat([one(x), two(x)], 1))
    graph = check_same(nn.Sequential(model, nn.Conv2d(5, 3, 1)))
    names = [node.operator.name for node in graph.nodes]
    assert names[:4] == ["conv2d", "conv2d", "concatenate", "conv2d"]
