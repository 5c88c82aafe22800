"""Maxima of uneven windows: torch's adaptive max-pooling."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from modelgen.operators import UnevenMaxPool2d
from modelgen.operators.base import Cut
from tests.support.operator_checks import (
    channels_first,
    channels_last,
    check_operator,
    random_values,
)
from tests.support.uneven_windows import adaptive


@pytest.mark.parametrize("result", [(3, 4), (1, 1), (7, 5), (8, 9)], ids=str)
def test_adaptive_pooling(result: tuple[int, int]) -> None:
    def reference(x: torch.Tensor) -> torch.Tensor:
        return channels_last(functional.adaptive_max_pool2d(channels_first(x), result))

    operator = UnevenMaxPool2d(adaptive(7, result[0]), adaptive(5, result[1]))
    check_operator(operator, [random_values(2, 7, 5, 3)], reference)


def test_a_nan_wins() -> None:
    values = np.array([1, np.nan, 2, 3], np.float32).reshape(1, 4, 1, 1)
    operator = UnevenMaxPool2d(((0, 3), (2, 4)), ((0, 1),))
    got = operator.evaluate_exact([values], {}, Cut(8)).view(np.uint32)
    assert got.reshape(-1).tolist() == [0x7FC00000, 0x40400000]
