"""Poolings of maps and sequences."""

from __future__ import annotations

import pytest
from torch import nn

from tests.support.refused import check_message
from tests.support.same import SHAPE, Function, check_same


@pytest.mark.parametrize(
    "layer",
    [
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.MaxPool2d((2, 3)),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
        nn.MaxPool2d((5, 2), stride=(3, 2), ceil_mode=True),
        nn.AvgPool2d(3, ceil_mode=True),
        nn.AvgPool2d(2, count_include_pad=False),
        nn.AvgPool2d(2),
        nn.AvgPool2d(3, stride=1, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.AdaptiveAvgPool2d((4, 3)),
        Function(lambda x: x.mean((2, 3))),
        Function(lambda x: x.mean((-1, -2), keepdim=True)),
    ],
    ids=str,
)
def test_of_maps(layer: nn.Module) -> None:
    check_same(nn.Sequential(layer), batch=2)


@pytest.mark.parametrize(
    "layer",
    [
        nn.MaxPool1d(2),
        nn.MaxPool1d(3, stride=2, padding=1, ceil_mode=True),
        nn.AvgPool1d(4, stride=3),
        nn.AvgPool1d(3, padding=1),
        nn.AdaptiveAvgPool1d(7),
    ],
    ids=str,
)
def test_of_sequences(layer: nn.Module) -> None:
    check_same(nn.Sequential(layer), batch=2, shape=(4, 21))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.MaxPool2d(2, dilation=2), "has a dilation"),
        (nn.AvgPool2d(2, ceil_mode=True), "ceil_mode=True"),
        (nn.AvgPool2d(2, padding=1, count_include_pad=False), "count_include_pad=True"),
        (nn.AvgPool2d(2, divisor_override=3), "must divide by the size of its kernel"),
        (nn.AdaptiveAvgPool2d(5), "pools 12x9 to 5x5; the output size must divide"),
    ],
)
def test_what_is_refused(model: nn.Module, message: str) -> None:
    check_message(model, SHAPE, message)
