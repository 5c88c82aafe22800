"""From sums to 8-bit integers."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding

SUMS = np.array([[-6, 6], [-2, 2], [4, 2000], [-18000, 10]])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rounding.DOUBLE, [[-2, 2], [-1, 1], [1, 500], [-4500, 3]]),
        (Rounding.SINGLE, [[-1, 2], [0, 1], [1, 500], [-4500, 3]]),
        (Rounding.HALF_AWAY, [[-2, 2], [-1, 1], [1, 500], [-4500, 3]]),
        (Rounding.HALF_EVEN, [[-2, 2], [0, 0], [1, 500], [-4500, 2]]),
    ],
)
def test_each_rule_takes_its_own_ties(rule: Rounding, expected: list[list[int]]) -> None:
    constants = rule.constants(np.array([0.25, 0.25]))
    np.testing.assert_array_equal(rule.round(SUMS, constants), expected)
    with_zero_point = Requantization(rule, 3, Clamp(-100, 90)).of(SUMS, constants)
    assert with_zero_point.dtype == np.int8
    limited = (np.array(expected) + 3).clip(-100, 90)
    np.testing.assert_array_equal(with_zero_point, limited)


@pytest.mark.parametrize("rule", Rounding)
def test_each_channel_has_a_factor(rule: Rounding) -> None:
    constants = rule.constants(np.array([0.25, 2.0]))
    assert all(len(values) == 2 for values in constants.values())
    np.testing.assert_array_equal(rule.round(np.array([[8, 8]]), constants), [[2, 16]])


def test_scales_have_the_precision_of_their_rule() -> None:
    factor = np.array([0.1])
    assert Rounding.HALF_AWAY.constants(factor)["scale"][0] == 0.1
    assert Rounding.HALF_EVEN.constants(factor)["scale"][0] == np.float32(0.1)


def test_limits() -> None:
    assert Clamp(-20, 100).without(-20) == (0, 120)
    assert Clamp().describe() == []
    assert Clamp(-20, 127).describe() == ["-20 to 127"]
