"""Sums of integers."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.sums import SumScales
from modelgen.operators.integer.add import IntegerAdd


def test_operands_have_scales_and_zero_points_of_their_own() -> None:
    operator = IntegerAdd((10, -3), SumScales.of(0.5, 0.25, 0.25), 7, Clamp(-20, 100))
    first = np.array([[10, 11, 127], [9, 0, -128]], np.int8)
    found = operator.compute([first, np.array([[-3, -2, 1]], np.int8)], {})
    np.testing.assert_array_equal(found, [[7, 10, 100], [5, -12, -20]])
    assert operator.infer_shape([(2, 3), (1, 3)], {}) == (2, 3)
    assert operator.describe() == "add, -20 to 100"


def test_it_has_a_form_for_all_pairs() -> None:
    operator = IntegerAdd((10, -3), SumScales.of(0.5123, 0.2711, 0.3037), 7, Clamp(-20, 100))
    form = operator.form()
    assert form is not None
    every = np.arange(-128, 128).astype(np.int8)
    first, second = every[:, None], every[None]
    found = operator.compute([first, second], {})
    by_form = form.of(first.astype(np.int64) - 10, second.astype(np.int64) + 3) + 7
    np.testing.assert_array_equal(operator.clamp.of(by_form), found)
