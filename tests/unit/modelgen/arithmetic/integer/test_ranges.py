"""Which values sums can have."""

from __future__ import annotations

from itertools import product

import numpy as np

from modelgen.arithmetic.integer.ranges import sum_ranges


def test_ranges_are_those_of_the_extreme_inputs() -> None:
    weight, bias = np.array([[3, -2, 0], [-1, -1, 5]]), np.array([7, -100])
    low, high = sum_ranges(weight, 20, bias)
    every = np.array(list(product((-128, 20, 127), repeat=3))) - 20
    sums = every @ weight.T + bias
    np.testing.assert_array_equal(low, sums.min(axis=0))
    np.testing.assert_array_equal(high, sums.max(axis=0))
