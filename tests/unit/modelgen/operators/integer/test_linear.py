"""Matrix products of integers."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.requantization import Requantization, Rounding
from modelgen.operators.integer.linear import IntegerLinear


def test_both_zero_points_are_subtracted() -> None:
    constants = {
        "weight": np.array([[3, -1], [2, 2]], np.int8),
        "bias": np.array([1, -50], np.int32),
        **Rounding.HALF_AWAY.constants(np.array([0.5, 1.0])),
    }
    operator = IntegerLinear(10, Requantization(Rounding.HALF_AWAY, -4), weight_zero_point=1)
    values = np.array([[[11, 7]], [[10, 10]]], np.int8)
    # (1, -3) times (2, -2) and (1, 1), plus the bias: 9 and -52.
    np.testing.assert_array_equal(operator.compute([values], constants), [[[1, -56]], [[-3, -54]]])
    assert operator.infer_shape([values.shape], constants) == (2, 1, 2)
    assert operator.describe() == "linear"
