"""Sums of integers, computed in FP32."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.operators import Fp32Add


def test_operands_have_scales_and_zero_points_of_their_own() -> None:
    given = Quantization(0.5, 10), Quantization(0.25, -3)
    operator = Fp32Add(*given, Quantization(0.25, 7), clamp=Clamp(-20, 100))
    first = np.array([[10, 11, 127], [9, 0, -128]], np.int8)
    found = operator.compute([first, np.array([[-3, -2, 1]], np.int8)], {})
    np.testing.assert_array_equal(found, [[7, 10, 100], [5, -12, -20]])
    assert operator.infer_shape([(2, 3), (1, 3)], {}) == (2, 3)
    assert operator.describe() == "add, -20 to 100"


def test_few_results_depend_on_the_type_of_the_runtime() -> None:
    scales = Quantization(0.067, -109), Quantization(0.034, -124), Quantization(0.134, -84)
    pairs = [values.astype(np.int8) for values in np.mgrid[-128:128, -128:128]]
    signed, unsigned = (Fp32Add(*scales, offset=at).compute(pairs, {}) for at in (0, 128))
    assert 0 < (signed != unsigned).sum() < 1000
