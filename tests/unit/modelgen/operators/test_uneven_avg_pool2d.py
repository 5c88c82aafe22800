"""Averages of uneven windows: adaptive pooling, and windows beyond the map, as torch has them."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from modelgen.operators import UnevenAvgPool2d
from tests.support.operator_checks import (
    channels_first,
    channels_last,
    check_operator,
    random_values,
)
from tests.support.uneven_windows import adaptive, sizes


@pytest.mark.parametrize("result", [(3, 4), (1, 1), (7, 5), (8, 9)], ids=str)
def test_adaptive_pooling(result: tuple[int, int]) -> None:
    rows, columns = adaptive(7, result[0]), adaptive(5, result[1])
    operator = UnevenAvgPool2d(rows, columns, sizes(rows), sizes(columns))

    def reference(x: torch.Tensor) -> torch.Tensor:
        return channels_last(functional.adaptive_avg_pool2d(channels_first(x), result))

    check_operator(operator, [random_values(2, 7, 5, 3)], reference)


def test_windows_cut_at_the_edges() -> None:
    spans = ((0, 2), (1, 4), (3, 5))

    def reference(x: torch.Tensor) -> torch.Tensor:
        pooled = functional.avg_pool2d(channels_first(x), 3, 2, 1, count_include_pad=False)
        return channels_last(pooled)

    operator = UnevenAvgPool2d(spans, spans, sizes(spans), sizes(spans))
    check_operator(operator, [random_values(1, 5, 5, 6)], reference)


def test_a_divisor_that_is_not_the_size_of_the_window() -> None:
    def reference(x: torch.Tensor) -> torch.Tensor:
        pooled = functional.avg_pool2d(channels_first(x), 2, divisor_override=3)
        return channels_last(pooled)

    operator = UnevenAvgPool2d(((0, 2), (2, 4)), ((0, 2),), (3, 3), (1,))
    check_operator(operator, [random_values(1, 4, 2, 6)], reference)


def test_description() -> None:
    operator = UnevenAvgPool2d(((0, 2), (1, 3)), ((0, 1),), (2, 2), (1,))
    assert operator.describe() == "average pool, uneven windows"
    assert operator.shape_text([(1, 3, 1, 4)], (1, 2, 1, 4)) == "3 x 1 x 4 -> 2 x 1 x 4"
