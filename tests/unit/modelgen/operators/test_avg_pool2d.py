"""Average pooling: the function of torch.nn, in every way in which it is computed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from modelgen.operators import AvgPool2d
from modelgen.operators.base import Cut
from modelgen.operators.epilogue import Epilogue
from modelgen.operators.window import Window
from tests.support.operator_checks import (
    channels_first,
    channels_last,
    check_operator,
    random_values,
)


@pytest.mark.parametrize(
    "window",
    [Window((2, 2), (2, 2)), Window((7, 8), (7, 8)), Window((3, 3), (1, 2), (1, 1, 1, 1))],
    ids=str,
)
def test_the_function_of_torch(window: Window) -> None:
    padding = window.padding[0], window.padding[2]

    def reference(x: torch.Tensor) -> torch.Tensor:
        maps = channels_first(x)
        pooled = functional.avg_pool2d(maps, window.kernel, window.stride, padding)
        return channels_last(pooled)

    check_operator(AvgPool2d(window), [random_values(2, 7, 8, 5)], reference)


def test_padding_counts() -> None:
    operator = AvgPool2d(Window((2, 2), (2, 2), (1, 0, 1, 0)))
    values = np.full((1, 1, 1, 1), 8.0, np.float32)
    assert operator.evaluate_exact([values], {}, Cut(8)).item() == 2.0
    assert operator.evaluate_float([torch.from_numpy(values)], {}).item() == 2.0


def test_the_bound_grows_with_the_window() -> None:
    """Pixels that are alike round in the same direction, each time that one is added."""
    values = np.full((1, 16, 16, 1), 0.7)

    def bound(size: int) -> float:
        operator = AvgPool2d(Window((size, size), (size, size)))
        return operator.error_bound([(values, np.zeros_like(values))], {})[1].max()

    assert bound(16) > bound(4) > bound(1)


def test_description() -> None:
    operator = AvgPool2d(Window((4, 4), (2, 1)), Epilogue(low=0.0))
    assert operator.describe() == "average pool 4x4, stride 2x1, ReLU"
