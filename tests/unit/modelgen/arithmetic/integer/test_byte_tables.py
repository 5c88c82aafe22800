"""Tables of functions, beside FP64; `frontends/tflite/test_pointwise.py` compares with LiteRT."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from modelgen.arithmetic.integer import byte_tables
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import Clamp

GIVEN = Quantization(float(np.float32(0.05)), -10)
RESULT = Quantization(float(np.float32(0.04)), 5)
FUNCTIONS: dict[str, tuple[Callable, Callable, float]] = {
    "logistic": (byte_tables.logistic, lambda x: 1 / (1 + np.exp(-x)), 0.51),
    "tanh": (byte_tables.tanh, np.tanh, 0.51),
    "hard_swish": (byte_tables.hard_swish, lambda x: x * np.clip(x + 3, 0, 6) / 6, 1.1),
    "requantize": (byte_tables.requantize, lambda x: x, 0.51),
    "leaky": (
        lambda given, result: byte_tables.leaky_rectifier(given, result, 0.25),
        lambda x: np.where(x > 0, x, 0.25 * x),
        0.76,
    ),
    "steeper": (
        lambda given, result: byte_tables.leaky_rectifier(given, result, -1.5),
        lambda x: np.where(x > 0, x, -1.5 * x),
        0.76,
    ),
    "relu6": (
        lambda given, result: byte_tables.rectifier(given, result, Clamp(5, 127)),
        lambda x: x.clip(0, 6),
        0.51,
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_tables_are_near_the_functions(name: str) -> None:
    table, function, error = FUNCTIONS[name]
    found = table(GIVEN, RESULT)
    assert (found.dtype, found.shape) == (np.int8, (256,))
    numbers = GIVEN.scale * (np.arange(-128, 128) - GIVEN.zero_point)
    exact = (function(numbers) / RESULT.scale + RESULT.zero_point).clip(-128, 127)
    assert np.abs(found - exact).max() <= error


def test_results_are_found_by_value() -> None:
    table = np.arange(-128, 128).astype(np.int8)
    values = np.array([[-128, 0], [127, -1]], np.int8)
    np.testing.assert_array_equal(byte_tables.look_up(table, values), values)
