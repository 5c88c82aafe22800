"""Rounding to integers, and signs: halves, zeros, special values."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.rounding import ceil, floor, nearest, sign
from tests.support.function_checks import check_special

VALUES = np.array([-2.5, -1.5, -0.5, -0.0, 0.5, 1.5, 1.75, 16777215.0], np.float32)


def test_integers() -> None:
    assert nearest(VALUES).tolist() == [-2, -2, 0, 0, 0, 2, 2, 16777215]
    assert floor(VALUES).tolist() == [-3, -2, -1, 0, 0, 1, 1, 16777215]
    assert ceil(VALUES).tolist() == [-2, -1, 0, 0, 1, 2, 2, 16777215]
    for function in (nearest, floor, ceil):
        check_special(function, -np.inf, np.inf)


def test_signs() -> None:
    values = np.array([-3.0, -1e-45, -0.0, np.nan, np.inf], np.float32)
    assert sign(values).tolist() == [-1, -1, 0, 0, 1] and sign(values).dtype == np.float32
