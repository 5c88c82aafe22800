"""Roots and integer powers: rounding, signs, special values."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.powers import power, rsqrt, sqrt
from tests.support.function_checks import check_special, every_exponent, relative_error, samples


def test_roots() -> None:
    every = every_exponent()
    positive = every[(every > 0) & (every < np.inf)]
    assert relative_error(sqrt, np.sqrt, positive) < 6e-8
    assert relative_error(rsqrt, lambda x: 1 / np.sqrt(x), positive) < 1.3e-7
    check_special(sqrt, np.nan, np.inf)
    check_special(rsqrt, np.nan, 0.0)
    assert rsqrt(np.array([0.0, -0.0], np.float32)).tolist() == [np.inf, -np.inf]


@pytest.mark.parametrize("exponent", [-8, -3, -2, -1, 1, 2, 3, 5, 7, 8])
def test_powers(exponent: int) -> None:
    values = samples(-20, 20)
    values = values[np.abs(values) > 1e-4]
    error = relative_error(lambda x: power(x, exponent), lambda x: x ** float(exponent), values)
    assert error <= 6.1e-8 * abs(exponent)
    limit = np.inf if exponent > 0 else 0.0
    check_special(lambda x: power(x, exponent), -limit if exponent % 2 else limit, limit)


def test_zeros_keep_their_sign_in_odd_powers() -> None:
    zeros = np.array([0.0, -0.0], np.float32)
    assert power(zeros, -3).tolist() == [np.inf, -np.inf]
    assert np.signbit(power(zeros, 3)).tolist() == [False, True]
    assert power(zeros, -2).tolist() == [np.inf, np.inf]
