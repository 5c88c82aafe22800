"""Max-pooling: the function of torch.nn, in every way in which it is computed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from modelgen.operators import MaxPool2d
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
    [Window((2, 2), (2, 2)), Window((3, 2), (2, 1)), Window((3, 3), (1, 2), (1, 1, 1, 1))],
    ids=str,
)
def test_the_function_of_torch(window: Window) -> None:
    padding = window.padding[0], window.padding[2]

    def reference(x: torch.Tensor) -> torch.Tensor:
        maps = channels_first(x)
        pooled = functional.max_pool2d(maps, window.kernel, window.stride, padding)
        return channels_last(pooled)

    check_operator(MaxPool2d(window), [random_values(2, 7, 8, 5)], reference)


def test_padding_is_never_the_largest() -> None:
    operator = MaxPool2d(Window((3, 3), (3, 3), (2, 0, 2, 0)))
    values = -np.ones((1, 1, 1, 1), np.float32)
    assert operator.evaluate_exact([values], {}, Cut(8)).item() == -1.0
    assert operator.evaluate_float([torch.from_numpy(values)], {}).item() == -1.0


def test_nan_is_the_largest() -> None:
    values = np.array([[[[1.0], [np.nan]]]], np.float32)
    pooled = MaxPool2d(Window((1, 2))).evaluate_exact([values], {}, Cut(8))
    assert pooled.view(np.uint32).tolist() == [[[[0x7FC00000]]]]


def test_description() -> None:
    operator = MaxPool2d(Window((3, 3), (2, 2)), Epilogue(low=0.0))
    assert operator.describe() == "max-pool 3x3, stride 2, ReLU"
