"""Products of integers."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.operators.integer.multiply import IntegerMultiply


def test_zero_points_are_subtracted() -> None:
    operator = IntegerMultiply((10, -3), Multiplier.of(0.25), 7, Clamp(-20, 100))
    first = np.array([[10, 14, 127], [9, -2, -128]], np.int8)
    found = operator.compute([first, np.array([[5, -1, 1]], np.int8)], {})
    np.testing.assert_array_equal(found, [[7, 9, 100], [5, 1, -20]])
    assert operator.infer_shape([(2, 3), (1, 3)], {}) == (2, 3)
    assert operator.describe() == "multiply, -20 to 100"


def test_it_has_a_form_for_all_pairs() -> None:
    operator = IntegerMultiply((10, -3), Multiplier.of(0.0123), 7, Clamp(-20, 100))
    form = operator.form()
    assert form.exact
    every = np.arange(-128, 128).astype(np.int8)
    first, second = every[:, None], every[None]
    found = operator.compute([first, second], {})
    products = (first.astype(np.int64) - 10) * (second.astype(np.int64) + 3)
    np.testing.assert_array_equal(operator.clamp.of(form.of(products) + 7), found)
