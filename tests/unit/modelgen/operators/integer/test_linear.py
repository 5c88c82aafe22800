"""Matrix products of integers."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding
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


def test_each_column_has_a_form_for_all_its_sums() -> None:
    random = np.random.default_rng(1)
    weight = random.integers(-127, 128, (4, 9)).astype(np.int8)
    bias = random.integers(-500, 500, 4).astype(np.int32)
    rule = Rounding.HALF_AWAY
    constants = {"weight": weight, "bias": bias, **rule.constants(random.uniform(0.001, 0.01, 4))}
    operator = IntegerLinear(20, Requantization(rule, -9), weight_zero_point=3)
    values = random.choice([-128, 127, 20, 3], (900, 9)).astype(np.int8)
    sums = (values.astype(np.int64) - 20) @ (weight.astype(np.int64).T - 3) + bias
    found = operator.compute([values], constants)
    forms = operator.forms(constants)
    assert forms.exact.all()
    np.testing.assert_array_equal(Clamp().of(forms.of(sums) - 9), found)
