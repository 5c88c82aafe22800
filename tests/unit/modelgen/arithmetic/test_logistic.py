"""Sigmoid and its relatives: error bounds, special values."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.logistic import gelu_tanh, mish, sigmoid, silu, tanh
from tests.support.function_checks import (
    absolute_error,
    check_special,
    relative_error,
    samples,
)


def logistic(values: np.ndarray) -> np.ndarray:
    powers = np.exp(-np.abs(values))
    return np.where(values < 0, powers, 1.0) / (1.0 + powers)


def wide_gelu(values: np.ndarray) -> np.ndarray:
    argument = 2.0 * np.sqrt(2.0 / np.pi) * (values + 0.044715 * values**3)
    return values * logistic(argument)


def test_errors_are_within_the_bounds() -> None:
    assert relative_error(sigmoid, logistic, samples(-87, 200)) < 5e-7
    assert relative_error(silu, lambda x: x * logistic(x), samples(-87, 200)) < 5e-7
    assert relative_error(tanh, np.tanh, samples(-100, 100)) < 7e-7
    smooth = relative_error(mish, lambda x: x * np.tanh(np.logaddexp(0, x)), samples(-86, 200))
    assert smooth < 5e-7
    assert absolute_error(gelu_tanh, wide_gelu, samples(-30, 2)) < 3e-7
    assert relative_error(gelu_tanh, wide_gelu, samples(0, 100)) < 5e-7


def test_far_below_0_only_the_underflow_is_left() -> None:
    values = np.array([-88.5, -200.0, -1e30], np.float32)
    for function in (sigmoid, silu, mish, gelu_tanh):
        assert np.abs(function(values)).max() < 2e-36


def test_special_values() -> None:
    check_special(sigmoid, 0.0, 1.0)
    check_special(tanh, -1.0, 1.0)
    for function in (silu, gelu_tanh, mish):
        check_special(function, np.nan, np.inf)
