"""Softmax of integers, computed in FP32."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.operators import Fp32Softmax


def test_shares() -> None:
    operator = Fp32Softmax(Quantization(float(np.log(2.0)), 3), Quantization(1 / 256, -128))
    found = operator.compute([np.array([[5, 4, 3, 3], [-128, 127, -128, -128]], np.int8)], {})
    np.testing.assert_array_equal(found, [[0, -64, -96, -96], [-128, 127, -128, -128]])
    assert operator.infer_shape([(2, 4)], {}) == (2, 4)
    assert operator.describe() == "softmax"
