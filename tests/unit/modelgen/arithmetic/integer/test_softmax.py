"""Softmax of 8-bit integers; `frontends/tflite/test_pointwise.py` compares it with LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.softmax import SoftmaxScale, softmax


@pytest.mark.parametrize("scale", [0.001, 0.05, 0.4, 10.0])
def test_it_is_near_the_exact_one(scale: float) -> None:
    values = np.random.default_rng(0).integers(-128, 128, (40, 10)).astype(np.int8)
    powers = np.exp((values.astype(float) - values.max(axis=1, keepdims=True)) * scale)
    expected = powers / powers.sum(axis=1, keepdims=True) * 256 - 128
    found = softmax(values, SoftmaxScale.of(scale))
    assert np.abs(found - expected.clip(-128, 127)).max() <= 0.51


def test_differences_below_the_limit_do_not_count() -> None:
    # In units of 2, more than 7 would be beyond -15.5.
    scale = SoftmaxScale.of(2.0)
    assert scale.smallest == -7
    row = softmax(np.array([[20, 20, -128]], np.int8), scale)
    np.testing.assert_array_equal(row, [[0, 0, -128]])


def test_equal_values_share_evenly() -> None:
    row = softmax(np.full((1, 4), 9, np.int8), SoftmaxScale.of(0.1))
    np.testing.assert_array_equal(row, np.full((1, 4), -64))
