"""The error function and GELU: error bounds, ends of the range, special values."""

from __future__ import annotations

import math

import numpy as np

from modelgen.arithmetic.error_function import erf, gelu
from tests.support.function_checks import (
    absolute_error,
    check_special,
    relative_error,
    samples,
)

wide_erf = np.vectorize(math.erf, otypes=[np.float64])
wide_tail = np.vectorize(math.erfc, otypes=[np.float64])


def wide_gelu(values: np.ndarray) -> np.ndarray:
    return 0.5 * values * wide_tail(-values / np.sqrt(2.0))


def test_errors_are_within_the_bounds() -> None:
    assert relative_error(erf, wide_erf, samples(-10, 10)) < 5e-7
    assert absolute_error(gelu, wide_gelu, samples(-10, 0)) < 5.5e-7
    assert absolute_error(lambda x: gelu(x) - x, lambda x: wide_gelu(x) - x, samples(0, 10)) < 1e-6


def test_far_from_0_gelu_is_that_of_the_end_of_its_range() -> None:
    values = np.array([-5.375, -6.0, -1e30, 5.375, 6.0, 1e30], np.float32)
    assert np.abs(gelu(values[:3])).max() < 1.1e-8
    assert gelu(values[3:]).tolist() == values[3:].tolist()


def test_special_values() -> None:
    check_special(erf, -1.0, 1.0)
    check_special(gelu, np.nan, np.inf)
