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
        nn.AdaptiveAvgPool2d((5, None)),
        nn.AdaptiveAvgPool2d((20, 7)),
        nn.AdaptiveMaxPool2d((4, 3)),
        nn.AdaptiveMaxPool2d((5, 4)),
        nn.MaxPool2d(2, dilation=2),
        nn.MaxPool2d((2, 3), stride=(3, 2), padding=1, dilation=(3, 2), ceil_mode=True),
        nn.AvgPool2d(2, ceil_mode=True),
        nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True),
        nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False),
        nn.AvgPool2d((4, 3), stride=(3, 1), padding=(2, 1), count_include_pad=False),
        nn.AvgPool2d(2, divisor_override=3),
        nn.AvgPool2d(3, padding=1, ceil_mode=True, divisor_override=2),
        Function(lambda x: nn.functional.max_pool2d(x, 3, return_indices=True)[0]),
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
        nn.AdaptiveAvgPool1d(5),
        nn.AdaptiveMaxPool1d(6),
        nn.MaxPool1d(3, dilation=4),
        nn.AvgPool1d(4, stride=3, padding=2, ceil_mode=True, count_include_pad=False),
    ],
    ids=str,
)
def test_of_sequences(layer: nn.Module) -> None:
    check_same(nn.Sequential(layer), batch=2, shape=(4, 21))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            Function(lambda x: nn.functional.max_pool2d(x, 3, return_indices=True)[1]),
            "number 2 is not",
        ),
        (Function(lambda x: nn.functional.avg_pool2d(x.argmax(1, True), 2)), "averages integers"),
    ],
)
def test_what_is_refused(model: nn.Module, message: str) -> None:
    check_message(model, SHAPE, message)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (nn.AdaptiveAvgPool2d((4, 3)), "avg_pool2d"),
        (nn.AdaptiveMaxPool2d((4, 3)), "max_pool2d"),
        (nn.AvgPool2d(3, ceil_mode=True, count_include_pad=False), "avg_pool2d"),
        (nn.AvgPool2d((4, 3), padding=(0, 1)), "avg_pool2d"),
        (nn.AvgPool2d((4, 3), padding=(0, 1), count_include_pad=False), "uneven_avg_pool2d"),
        (nn.AdaptiveAvgPool2d((4, 4)), "uneven_avg_pool2d"),
    ],
    ids=str,
)
def test_windows_of_one_size_are_ordinary_poolings(layer: nn.Module, name: str) -> None:
    assert name in [node.operator.name for node in check_same(nn.Sequential(layer)).nodes]
