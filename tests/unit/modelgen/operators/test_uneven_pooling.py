"""Windows of uneven poolings, and the arguments of their kernel."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.operators import UnevenAvgPool2d, UnevenMaxPool2d
from modelgen.operators.uneven_pooling import UnevenPooling
from tests.support.operator_checks import random_values
from tests.support.uneven_windows import adaptive

OPERATOR = UnevenAvgPool2d(((0, 2), (1, 3)), ((0, 1), (0, 4), (3, 4)), (2, 2), (1, 4, 1))


def test_the_pixels_of_each_window_row_by_row() -> None:
    maps = random_values(2, 3, 4, 5)
    found = dict(OPERATOR.windows(maps))
    assert list(found) == [(y, x) for y in range(2) for x in range(3)]
    assert found[1, 1].shape == (8, 2, 5)
    np.testing.assert_array_equal(found[1, 1][5], maps[:, 2, 1])


def test_the_kernel_gets_rows_and_then_columns() -> None:
    kernel = OPERATOR.kernel([(2, 3, 4, 5)], {})
    assert kernel.call(["a"], "b", "t") == (
        "heepstor::uneven_pool<heepstor::Average>(a, b, 2, 3, 4, 5, 2, 3, t)"
    )
    assert kernel.table is not None
    assert kernel.table.rows == ("{0, 2, 2}", "{1, 3, 2}", "{0, 1, 1}", "{0, 4, 4}", "{3, 4, 1}")


@pytest.mark.parametrize(
    ("operator", "channels", "measured"),
    [
        (UnevenAvgPool2d(*[adaptive(7, 3)] * 2, *[(3, 3, 3)] * 2), 64, 22189),
        (UnevenAvgPool2d(*[adaptive(13, 6)] * 2, *[(3,) * 6] * 2), 1, 4019),
        (UnevenMaxPool2d(*[adaptive(13, 6)] * 2), 16, 52858),
    ],
)
def test_cycles_are_as_measured(operator: UnevenPooling, channels: int, measured: int) -> None:
    size = operator.rows[-1][1]
    kernel = operator.kernel([(1, size, size, channels)], {})
    assert kernel.cycles == pytest.approx(measured, rel=0.1)
