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
