"""Max-pooling of integers."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.operators.integer.max_pool2d import IntegerMaxPool2d
from modelgen.operators.window import Window


def test_padding_never_wins() -> None:
    values = np.array([[-128, -120, 5], [-90, 3, 100]], np.int8).reshape(1, 2, 3, 1)
    operator = IntegerMaxPool2d(Window((2, 2), (2, 1), (1, 0, 0, 0)), Clamp(-125, 90))
    found = operator.compute([values], {})
    np.testing.assert_array_equal(found[0, :, :, 0], [[-120, 5]])
    assert operator.infer_shape([values.shape], {}) == found.shape
    whole = IntegerMaxPool2d(Window((2, 3)), Clamp(-125, 90))
    assert whole.compute([values], {}).item() == 90
    assert operator.describe() == "max-pool 2x2, stride 2x1, -125 to 90"
