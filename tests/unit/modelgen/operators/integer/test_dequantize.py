"""From integers to numbers."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.operators.integer.dequantize import Dequantize


def test_integers_become_numbers() -> None:
    operator = Dequantize(Quantization(0.5, 3))
    found = operator.compute([np.array([[3, 4, -128]], np.int8)], {})
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [[0.0, 0.5, -65.5]])
    assert operator.infer_shape([(1, 3)], {}) == (1, 3)
