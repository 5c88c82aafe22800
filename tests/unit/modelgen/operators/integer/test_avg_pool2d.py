"""Average pooling of integers."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.operators.integer.avg_pool2d import IntegerAvgPool2d
from modelgen.operators.window import Window


def test_sums_are_divided_by_the_pixels_inside() -> None:
    values = np.array([[1, 2, -3], [4, -9, -8]], np.int8).reshape(1, 2, 3, 1)
    operator = IntegerAvgPool2d(Window((2, 2), padding=(1, 0, 0, 1)), Clamp(-7, 127))
    # 3/2, -1/2, -3/1; -2/4, -18/4, -11/2
    found = operator.compute([values], {})
    np.testing.assert_array_equal(found[0, :, :, 0], [[2, -1, -3], [-1, -5, -6]])
    assert operator.infer_shape([values.shape], {}) == found.shape
    assert operator.describe() == "avg-pool 2x2, -7 to 127"


def test_there_is_a_form_for_each_number_of_pixels() -> None:
    operator = IntegerAvgPool2d(Window((3, 2), (2, 1), (1, 1, 0, 1)))
    forms = operator.forms((1, 4, 5, 2))
    assert sorted(forms) == [2, 3, 4, 6]
    for count, form in forms.items():
        assert form.exact
        sums = np.arange(-128 * count, 127 * count + 1)
        np.testing.assert_array_equal(form.of(sums), np.trunc(sums / count + np.sign(sums) / 2))
