"""Numbers that integers stand for."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization

HALVES = Quantization(0.5, 3)


def test_numbers_are_rounded_away_from_zero_and_limited() -> None:
    numbers = [0.0, 0.25, -0.25, 0.24, 62.0, 100.0, -65.5, -100.0, np.inf, -np.inf, np.nan]
    expected = [3, 4, 2, 3, 127, 127, -128, -128, 127, -128, -128]
    found = HALVES.quantize(np.array(numbers, np.float32))
    assert found.dtype == np.int8
    np.testing.assert_array_equal(found, expected)


def test_integers_become_fp32() -> None:
    found = HALVES.dequantize(np.array([3, 4, -128], np.int8))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [0.0, 0.5, -65.5])


def test_limits_of_functions_are_quotients_in_fp32() -> None:
    assert HALVES.nearest(6.0) == 15
    assert Quantization(0.1, -128).nearest(6.0) == -68
    assert HALVES.nearest(-0.25) == 2
