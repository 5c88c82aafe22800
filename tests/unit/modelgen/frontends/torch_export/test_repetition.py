"""Repetition and expansion: what torch gives, in any layout."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.support.same import Function, check_same


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x[:, :1].expand(-1, 3, -1, -1),
        lambda x: x[:, :, :, :1].expand(5, -1, 4, 12, 9),
        lambda x: x.mean((2, 3), keepdim=True).expand_as(x),
        lambda x: torch.broadcast_to(x[:, 1:2], (1, 4, 12, 9)),
        lambda x: x.repeat(1, 2, 1, 3),
        lambda x: x.repeat(2, 1, 1, 1, 1),
        lambda x: x.repeat(1, 1, 1, 1),
        lambda x: x.tile(2, 2),
        lambda x: x.tile(1, 2, 1, 1),
        lambda x: x.repeat_interleave(3, 1),
        lambda x: x.repeat_interleave(2, -1),
        lambda x: x[:, 0, 0].repeat_interleave(2),
    ],
)
@pytest.mark.parametrize("conv", [False, True])
def test_each(function: object, *, conv: bool) -> None:
    before = [nn.Conv2d(4, 4, 3, padding=1)] if conv else []
    check_same(nn.Sequential(*before, Function(function)))
