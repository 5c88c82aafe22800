"""Sums and products of two 8-bit integers."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.sums import SumScales, product_factor, scaled, scaled_sum


def test_operands_are_scaled_before_they_are_added() -> None:
    scales = SumScales.of(0.5, 0.25, 0.125)
    assert float(scales.first) == 0.5
    assert float(scales.second) == 0.25
    first, second = np.array([10, -10, 0]), np.array([3, 3, -1])
    np.testing.assert_array_equal(scaled_sum(first, second, scales), [46, -34, -2])


def test_ties_of_sums_are_taken_away_from_zero() -> None:
    scales = SumScales.of(1.0, 1.0, 2.0)
    values = np.array([-3, -1, 1, 3])
    np.testing.assert_array_equal(scaled_sum(values, values * 0, scales), [-2, -1, 1, 2])


def test_products_with_a_multiplier() -> None:
    np.testing.assert_array_equal(scaled(np.array([-6, 6, 8]), Multiplier.of(0.25)), [-2, 2, 2])


def test_the_factor_of_a_product_is_rounded_to_fp32() -> None:
    first, second, output = (float(np.float32(value)) for value in (0.1, 0.3, 0.7))
    factor = product_factor(first, second, output)
    assert factor == float(np.float32(factor))
    assert factor != first * second / output
