"""Convolutions of integers, beside sums in plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding
from modelgen.operators.integer.conv2d import IntegerConv2d
from modelgen.operators.window import Window

ONCE = Rounding.HALF_AWAY


def expected_sums(
    values: np.ndarray, weight: np.ndarray, window: Window, groups: int
) -> np.ndarray:
    """Sums over all taps inside the map; `values` without their zero point."""
    batch, rows, columns, channels = values.shape
    sums = np.zeros((batch, *window.outputs(rows, columns), len(weight)), np.int64)
    words, each = channels // groups, len(weight) // groups
    for b, y, x, n in np.ndindex(sums.shape):
        for ky, kx, c in np.ndindex(weight.shape[1:]):
            row = y * window.stride[0] - window.padding[0] + ky * window.dilation[0]
            column = x * window.stride[1] - window.padding[2] + kx * window.dilation[1]
            if 0 <= row < rows and 0 <= column < columns:
                value = int(values[b, row, column, n // each * words + c])
                sums[b, y, x, n] += int(weight[n, ky, kx, c]) * value
    return sums


@pytest.mark.parametrize(
    ("window", "groups", "results"),
    [
        (Window((3, 2), (2, 1), (1, 1, 0, 1)), 1, 5),
        (Window((2, 2), dilation=(2, 1)), 2, 6),
        (Window((3, 3), padding=(1, 1, 1, 1)), 4, 4),
        (Window((1, 2), (1, 2)), 4, 8),
        (Window((2, 2), padding=(-1, 1, 0, -2)), 1, 7),
    ],
)
def test_sums_have_no_zero_point_and_no_padding(window: Window, groups: int, results: int) -> None:
    random = np.random.default_rng(0)
    values = random.integers(-128, 128, (2, 5, 6, 4)).astype(np.int8)
    weight = random.integers(-127, 128, (results, *window.kernel, 4 // groups)).astype(np.int8)
    bias = random.integers(-500, 500, results).astype(np.int32)
    constants = {"weight": weight, "bias": bias, **ONCE.constants(np.full(results, 0.01))}
    operator = IntegerConv2d(window, -7, Requantization(ONCE, 3, Clamp(-90, 100)), groups)
    found = operator.compute([values], constants)
    sums = expected_sums(values.astype(np.int64) + 7, weight, window, groups) + bias
    expected = operator.requantization.of(sums, constants)
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(found)) > 40
    assert operator.infer_shape([values.shape], constants) == found.shape


def test_the_cpu_has_no_kernel_that_leaves_out_pixels() -> None:
    values = np.random.default_rng(0).integers(-127, 128, (3, 1, 1, 4)).astype(np.int8)
    bias = np.zeros(3, np.int32)
    constants = {"weight": values, "bias": bias, **ONCE.constants(np.full(3, 0.01))}
    for before, has_one in ((0, True), (-1, False)):
        window = Window((1, 1), padding=(0, 0, before, 0))
        operator = IntegerConv2d(window, 0, Requantization(ONCE, 3, Clamp(-90, 100)))
        assert (operator.kernel([(1, 4, 4, 4)], constants) is not None) == has_one


def test_reports() -> None:
    clamp = Requantization(ONCE, -128, Clamp(-128, 60))
    assert IntegerConv2d(Window((3, 3), (2, 2)), 0, clamp).describe() == (
        "conv 3x3, stride 2, -128 to 60"
    )
    assert IntegerConv2d(Window((3, 3)), 0, Requantization(ONCE, 0), 8).describe() == (
        "depthwise conv 3x3"
    )


def test_each_channel_has_a_form_for_all_its_sums() -> None:
    random = np.random.default_rng(1)
    weight = random.integers(-127, 128, (6, 2, 2, 3)).astype(np.int8)
    bias = random.integers(-500, 500, 6).astype(np.int32)
    rule = Rounding.DOUBLE
    constants = {"weight": weight, "bias": bias, **rule.constants(random.uniform(0.001, 0.01, 6))}
    operator = IntegerConv2d(Window((2, 2)), 20, Requantization(rule, -9))
    values = random.choice([-128, 127, 20, 3], (40, 6, 6, 3)).astype(np.int8)
    sums = expected_sums(values.astype(np.int64) - 20, weight, operator.window, 1) + bias
    found = operator.compute([values], constants)
    forms = operator.forms(constants)
    assert forms.exact.all()
    np.testing.assert_array_equal(Clamp().of(forms.of(sums) - 9), found)
