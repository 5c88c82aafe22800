"""Slices, indices and reversals: what torch gives, in any layout."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests.support.refused import check_message
from tests.support.same import Function, check_same

FUNCTIONS: list[Callable[[torch.Tensor], torch.Tensor]] = [
    lambda x: x[:, 1:3, ::2, -4:-1],
    lambda x: x[:, 1],
    lambda x: x[:, :, -1],
    lambda x: x[..., 2:100],
    lambda x: x.narrow(2, 3, 4),
    lambda x: x.narrow(-1, -3, 2),
    lambda x: x.select(3, 4),
    lambda x: torch.stack([part * 2 for part in x.unbind(1)], 1),
    lambda x: x.unbind(2)[3] + x.unbind(2)[1],
    lambda x: torch.cat(x.split(5, 2)[::-1], 2),
    lambda x: x.split([1, 3], 1)[1],
    lambda x: x.chunk(2, 1)[0] + x.chunk(2, 1)[1],
    lambda x: x.tensor_split(3, 3)[1],
    lambda x: x.tensor_split((2, 7), 3)[1],
    lambda x: x.index_select(1, torch.tensor([3, 0, 0])),
    lambda x: x[:, [2, -1]],
    lambda x: x[:, :, [0, 3, 4]],
    lambda x: x.flip(1, -1),
    lambda x: x[:, 0].fliplr(),
    lambda x: x.roll(2, 1),
    lambda x: x.roll((1, -3), (2, 3)),
    lambda x: x[0].roll(5)[None],
    lambda x: x[:, [0, 3], [2, -1]],
    lambda x: x[:, :, torch.tensor([[0], [11]]), torch.tensor([8, 0, -2])],
    lambda x: x[:, torch.tensor([[0, 3], [1, 1]])],
    lambda x: x[:, torch.tensor(2), [2, 3]] + x[:, torch.tensor(0), torch.tensor(1)],
    lambda x: x[torch.arange(len(x))[:, None], [3, 2]],
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("conv", [False, True])
def test_each(function: object, *, conv: bool) -> None:
    before = [nn.Conv2d(4, 4, 3, padding=1)] if conv else []
    check_same(nn.Sequential(*before, Function(function)))


def test_a_slice_of_channels_moves_once() -> None:
    model = nn.Sequential(nn.Conv2d(4, 4, 3), Function(lambda x: x[:, :2]), nn.Conv2d(2, 3, 1))
    names = [node.operator.name for node in check_same(model).nodes]
    assert names[:3] == ["conv2d", "slice", "conv2d"]


def test_of_indices_that_are_computed() -> None:
    chosen = Function(lambda x: x[:, :, x[0, 0, 0].argmax().reshape(1)])
    check_message(chosen, (4, 12, 9), "must be constant")


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: x[:, 3:3].relu(), "gives a tensor without elements"),
        (lambda x: x[:, [0, 1], :, [2, 3]], "dimensions side by side"),
        (lambda x: x[:, x.new_zeros(0).long()], "gives a tensor without elements"),
    ],
)
def test_refusals(function: object, reason: str) -> None:
    check_message(Function(function), (4, 12, 9), reason)
