"""Reshapes: another shape of the same values, in the same order."""

from __future__ import annotations

import pytest

from modelgen.operators import Reshape
from tests.support.operator_checks import check_operator, random_values


@pytest.mark.parametrize("shape", [(2, 60), (2, 5, 12), (2, 1, 3, 20)], ids=str)
def test_the_function_of_torch(shape: tuple[int, ...]) -> None:
    check_operator(Reshape(shape), [random_values(2, 3, 4, 5)], lambda x: x.reshape(shape))


def test_it_is_a_view() -> None:
    assert Reshape.keeps_values and not Reshape.takes_time
    assert Reshape((2, 12)).kernel([(2, 3, 4)], {}) is None
