"""Poolings: the functions of torch.nn, in every way in which they are computed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional

from modelgen.operators import AvgPool2d, MaxPool2d
from modelgen.operators.epilogue import Epilogue
from modelgen.operators.pooling import Pooling
from modelgen.operators.window import Window
from tests.support.operator_checks import (
    channels_first,
    channels_last,
    check_operator,
    random_values,
)

FUNCTIONS = {AvgPool2d: functional.avg_pool2d, MaxPool2d: functional.max_pool2d}
RELU = Epilogue(low=0.0)


@pytest.mark.parametrize(
    "window",
    [
        Window((2, 2), (2, 2)),
        Window((7, 8), (7, 8)),
        Window((3, 2), (2, 1)),
        Window((3, 3), (1, 2), (1, 1, 1, 1)),
    ],
    ids=str,
)
@pytest.mark.parametrize(("kind", "function"), FUNCTIONS.items())
def test_the_functions_of_torch(
    kind: type[Pooling], function: Callable[..., torch.Tensor], window: Window
) -> None:
    padding = window.padding[0], window.padding[2]

    def reference(x: torch.Tensor) -> torch.Tensor:
        return channels_last(function(channels_first(x), window.kernel, window.stride, padding))

    check_operator(kind(window), [random_values(2, 7, 8, 5)], reference)


@pytest.mark.parametrize(
    ("operator", "text"),
    [
        (
            AvgPool2d(Window((4, 4), (2, 1)), Epilogue(low=0.0)),
            "average pool 4x4, stride 2x1, ReLU",
        ),
        (MaxPool2d(Window((3, 3), (2, 2)), RELU), "max-pool 3x3, stride 2, ReLU"),
    ],
)
def test_description(operator: Pooling, text: str) -> None:
    assert operator.describe() == text
