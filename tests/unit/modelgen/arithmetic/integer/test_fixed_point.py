"""Exponential and reciprocal of fixed-point numbers, beside FP64."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.fixed_point import exponential, reciprocal

ONE = 2.0**31


def test_exponential() -> None:
    values = np.unique(-np.geomspace(1, 2**31, 5000).astype(np.int64))
    found = exponential(values) / ONE
    np.testing.assert_allclose(found, np.exp(values / 2.0**26), atol=3e-7)
    assert exponential(np.array([0]))[0] == 2**31 - 1


def test_each_power_has_a_factor() -> None:
    # The remainder is -1/4 each time; the rest is a sum of powers of two.
    for power in (-2, -1, 0, 1, 2, 3):
        value = int(-(0.25 + 2.0**power) * 2**26)
        expected = np.exp(-0.25 - 2.0**power)
        assert exponential(np.array([value]))[0] / ONE == pytest.approx(expected, rel=1e-5)


def test_reciprocal() -> None:
    values = np.linspace(0, 2**31 - 1, 5001).astype(np.int64)
    found = reciprocal(values) / ONE
    np.testing.assert_allclose(found, 1.0 / (1.0 + values / ONE), atol=2e-8)
    assert found.max() < 1.0
