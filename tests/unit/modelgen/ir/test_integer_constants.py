"""Constants that are kept as integers."""

from __future__ import annotations

import numpy as np

from modelgen.ir.integer_constants import IntegerConstant, integer_constant, is_of_integers

CONSTANT = IntegerConstant(
    np.array([[1, 2, 3], [4, 5, 6]]),
    np.array([[0.5], [0.25]], np.float32) * np.ones((2, 3), np.float32),
    np.array([[7] * 3, [8] * 3]),
)


def test_roles_name_the_arrays() -> None:
    roles = CONSTANT.roles("weight")
    assert all(map(is_of_integers, roles))
    assert not is_of_integers("weight")
    found = integer_constant({**roles, "weight": np.zeros((2, 3))}, "weight")
    assert found is not None
    np.testing.assert_array_equal(found.integers, CONSTANT.integers)
    np.testing.assert_array_equal(found.scale, CONSTANT.scale)
    np.testing.assert_array_equal(found.zero_point, CONSTANT.zero_point)


def test_there_may_be_none() -> None:
    assert integer_constant({"weight": np.zeros(3)}, "weight") is None
    assert integer_constant(CONSTANT.roles("weight"), "bias") is None


def test_all_arrays_are_arranged_alike() -> None:
    turned = CONSTANT.arranged(np.transpose)
    assert turned.integers.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert turned.scale[:, 1].tolist() == [0.25] * 3
    assert turned.zero_point[0].tolist() == [7, 8]
