"""Products of integers, computed in FP32."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.operators import Fp32Multiply


def test_operands_have_scales_and_zero_points_of_their_own() -> None:
    given = Quantization(0.5, 10), Quantization(0.25, -3)
    operator = Fp32Multiply(*given, Quantization(0.125, 7), clamp=Clamp(-20, 100))
    first = np.array([[10, 11, 127], [9, 0, -128]], np.int8)
    found = operator.compute([first, np.array([[-2, -1, 97]], np.int8)], {})
    np.testing.assert_array_equal(found, [[7, 9, 100], [6, -13, -20]])
    assert operator.infer_shape([(2, 3), (1, 3)], {}) == (2, 3)
    assert operator.describe() == "multiply, -20 to 100"
