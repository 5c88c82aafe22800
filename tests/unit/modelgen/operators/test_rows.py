"""Rows of a map: the function of torch, in every way in which it is computed, and its place."""

from __future__ import annotations

import pytest

from modelgen.operators import Rows
from tests.support.operator_checks import check_operator, random_values


@pytest.mark.parametrize("rows", [Rows(0, 2), Rows(1, 3), Rows(4, 1), Rows(0, 5)], ids=str)
def test_the_function_of_torch(rows: Rows) -> None:
    last = rows.first + rows.count
    check_operator(rows, [random_values(1, 5, 3, 2)], lambda x: x[:, rows.first : last])


def test_the_output_is_in_the_input() -> None:
    assert Rows(3, 2).place_of_output([(1, 5, 3, 2)]) == 3 * 6
    assert Rows(3, 2).infer_shape([(1, 5, 3, 2)], {}) == (1, 2, 3, 2)
    assert not Rows.takes_time
    assert Rows(3, 2).kernel([(1, 5, 3, 2)], {}) is None
