"""Means of integers."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.means import mean_multiplier
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.operators.integer.mean import IntegerMean


def test_sums_over_the_axes_are_scaled() -> None:
    values = np.array([[[4, 5], [6, 100]], [[-4, -9], [-4, -9]]], np.int8)
    operator = IntegerMean((1,), 2, mean_multiplier(2.0, 2), -1)
    found = operator.compute([values], {})
    # Sums without zero points: 6, 101, -12, -22; twice their halves, plus the zero point.
    np.testing.assert_array_equal(found, [[[5, 100]], [[-13, -23]]])
    assert operator.infer_shape([values.shape], {}) == found.shape
    assert operator.describe() == "mean over 1"


def test_it_has_a_form_for_all_sums() -> None:
    operator = IntegerMean((1, 2), 20, mean_multiplier(0.7, 6), -9)
    form = operator.form((500, 2, 3))
    assert form.exact
    values = np.random.default_rng(0).choice([-128, 127, 9], (500, 2, 3)).astype(np.int8)
    sums = (values.astype(np.int64) - 20).sum(axis=(1, 2), keepdims=True)
    by_form = Clamp().of(form.of(sums) - 9)
    np.testing.assert_array_equal(by_form, operator.compute([values], {}))
