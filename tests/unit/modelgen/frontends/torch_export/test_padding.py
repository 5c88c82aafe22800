"""Padding: the modules and functions of torch, in any layout."""

from __future__ import annotations

import pytest
from torch import nn
from torch.nn import functional

from tests.support.refused import check_message
from tests.support.same import Function, check_same


@pytest.mark.parametrize(
    "layer",
    [
        nn.ZeroPad2d((1, 2, 0, 3)),
        nn.ConstantPad2d(2, -1.5),
        nn.ReflectionPad2d((1, 2, 3, 4)),
        nn.ReplicationPad2d((1, 2, 3, 4)),
        nn.CircularPad2d((1, 2, 3, 4)),
        Function(lambda x: functional.pad(x, (-1, 2, 3, -2, 1, 0))),
        Function(lambda x: functional.pad(x, (1, 2), value=float("-inf")).relu()),
        Function(lambda x: functional.pad(x[:, 0], (2, 1), "reflect")),
        Function(lambda x: functional.pad(x.argmax(1), (1, 1), value=2.7)),
        Function(lambda x: functional.pad(x > 0, (1, 1), value=0.5)),
    ],
    ids=str,
)
@pytest.mark.parametrize("conv", [False, True])
def test_each(layer: nn.Module, *, conv: bool) -> None:
    before = [nn.Conv2d(4, 4, 3, padding=1)] if conv else []
    check_same(nn.Sequential(*before, layer))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_convolutions_that_pad_otherwise(mode: str) -> None:
    check_same(nn.Conv2d(4, 3, 3, padding=2, padding_mode=mode))
    check_same(nn.Conv1d(4, 3, 3, padding=1, padding_mode=mode), shape=(4, 9))


def test_a_padding_that_leaves_nothing() -> None:
    model = Function(lambda x: functional.pad(x, (-4, -5)).relu())
    check_message(model, (4, 12, 9), "gives a tensor without elements")
