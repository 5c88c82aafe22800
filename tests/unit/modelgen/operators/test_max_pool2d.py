"""Max-pooling: what wins over padding and numbers."""

from __future__ import annotations

import numpy as np
import torch

from modelgen.operators import MaxPool2d
from modelgen.operators.base import Cut
from modelgen.operators.window import Window
from tests.support.operator_checks import (
    channels_first,
    channels_last,
    check_operator,
    random_values,
)


def test_padding_is_never_the_largest() -> None:
    operator = MaxPool2d(Window((3, 3), (3, 3), (2, 0, 2, 0)))
    values = -np.ones((1, 1, 1, 1), np.float32)
    assert operator.evaluate_exact([values], {}, Cut(8)).item() == -1.0
    assert operator.evaluate_float([torch.from_numpy(values)], {}).item() == -1.0


def test_padding_has_no_error() -> None:
    """Not even a window that sees nothing else, as in PyTorch with some dilations."""
    operator = MaxPool2d(Window((1, 2), padding=(0, 0, 1, 1), dilation=(1, 2)))
    values = np.full((1, 1, 1, 1), 3.0), np.full((1, 1, 1, 1), 0.25)
    value, error = operator.error_bound([values], {})
    assert value.tolist() == [[[[-np.inf]]]] and error.tolist() == [[[[0.0]]]]


def test_nan_is_the_largest() -> None:
    values = np.array([[[[1.0], [np.nan]]]], np.float32)
    pooled = MaxPool2d(Window((1, 2))).evaluate_exact([values], {}, Cut(8))
    assert pooled.view(np.uint32).tolist() == [[[[0x7FC00000]]]]


def test_dilation_is_that_of_torch() -> None:
    def reference(x: torch.Tensor) -> torch.Tensor:
        pooled = torch.nn.functional.max_pool2d(channels_first(x), (2, 3), (2, 1), 1, (3, 2))
        return channels_last(pooled)

    operator = MaxPool2d(Window((2, 3), (2, 1), (1, 1, 1, 1), (3, 2)))
    check_operator(operator, [random_values(2, 7, 8, 5)], reference)
