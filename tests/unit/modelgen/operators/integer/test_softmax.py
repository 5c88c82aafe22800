"""Softmax of integers."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.softmax import SoftmaxScale
from modelgen.operators.integer.softmax import IntegerSoftmax


def test_rows_are_the_last_dimension() -> None:
    operator = IntegerSoftmax(SoftmaxScale.of(0.5))
    values = np.array([[[3, 3]], [[-128, 127]]], np.int8)
    found = operator.compute([values], {})
    np.testing.assert_array_equal(found, [[[0, 0]], [[-128, 127]]])
    assert operator.infer_shape([values.shape], {}) == found.shape
    assert operator.describe() == "softmax"
