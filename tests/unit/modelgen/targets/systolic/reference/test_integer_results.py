"""From sums to bytes: requantisation, sums with an operand, tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modelgen.arithmetic.integer.channel_forms import (
    CONSTANTS,
    SHIFTS,
    ChannelForms,
    channel_forms,
)
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.rounding import round_half_even
from modelgen.arithmetic.integer.staircase import staircases
from modelgen.arithmetic.integer.sum_form import sum_form
from modelgen.arithmetic.integer.sums import SumScales, scaled_sum
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.integer_parameters import (
    bias_words,
    channel_parameters,
    constant_words,
    sum_parameters,
)
from modelgen.targets.systolic.reference.integer_results import finished, requantized

NO_LINE = np.zeros((0, 4), np.int32)
FACTORS = np.array([0.3, 0.004, 2.5, 1.1e-5])
SUMS = np.random.default_rng(1).integers(-40_000, 40_000, (900, 4)).astype(np.int32)


def job(**changes: Any) -> Descriptor:
    return Descriptor(int8=True, store_memory=True, **changes)


def one_channel(multiplier: int, shift: int, bias: int = 0, constants: int = 0) -> np.ndarray:
    (word,) = bias_words(np.array([bias]), np.array([shift]))
    return np.array([[multiplier], [word], [constants]]).astype(np.int32)


def arrays(forms: ChannelForms, bias: np.ndarray) -> np.ndarray:
    return np.frombuffer(channel_parameters(forms, bias, 4), "<i4").reshape(3, 4)


def forms_of(rule: Any, factors: np.ndarray, low: int, high: int) -> ChannelForms:
    limits = np.full(4, -(2**20)), np.full(4, 2**20)
    return channel_forms(staircases(rule, *limits, low, high, factors), factors)


def test_forms_of_a_rule_give_its_results() -> None:
    rule = lambda x: np.floor(x * FACTORS + 0.5).astype(np.int64)  # noqa: E731
    forms = forms_of(rule, FACTORS, -128 - 7, 127 - 7)
    assert forms.exact.all()
    bias = np.array([5, -600, 0, 900_000])
    found = requantized(job(zero_point=7), SUMS, NO_LINE, arrays(forms, bias))
    np.testing.assert_array_equal(found, (rule(SUMS + bias) + 7).clip(-128, 127))


def test_ties_as_fp32_makes_them() -> None:
    scales = np.array([0.3, 0.00417, 1.5, 2e-5], np.float32)
    rule = lambda x: round_half_even(x, scales)  # noqa: E731
    forms = forms_of(rule, scales.astype(np.float64), -128, 127)
    assert forms.ties_even
    words = arrays(forms, np.zeros(4, np.int64))
    found = requantized(job(ties_even=True), SUMS, NO_LINE, words)
    np.testing.assert_array_equal(found, rule(SUMS.astype(np.int64)).clip(-128, 127))


def test_constants_depend_on_the_sign() -> None:
    # Units of 2^16 at a shift of 30: a result is 2^14 of them.
    words = one_channel(2**30, 30, constants=constant_words(2**14, -3 * 2**14))
    sums = np.array([[-2], [-1], [0], [1]], np.int32)
    found = requantized(job(), sums, NO_LINE, words)
    np.testing.assert_array_equal(found[:, 0], [-5, -4, 1, 2])


@pytest.mark.parametrize("most", CONSTANTS)
def test_constants_have_their_whole_range(most: int) -> None:
    sums = np.array([[1], [-1]], np.int32)
    words = one_channel(2**31 + 5, 37, constants=constant_words(most, -most - 1))
    found = requantized(job(), sums, NO_LINE, words)[:, 0]
    exact = 2**31 + 5 + (most << 16), -(2**31) - 5 - (most + 1 << 16)
    assert found.tolist() == [total + 2**36 >> 37 for total in exact]


@pytest.mark.parametrize("shift", SHIFTS)
def test_multipliers_of_32_bits(shift: int) -> None:
    words = one_channel(2**32 - 1, shift, bias=-7)
    sums = np.array([[3], [40], [2**14], [2**22], [2**26 + 6]], np.int32)
    found = requantized(job(), sums, NO_LINE, words)[:, 0]
    exact = (sums[:, 0].astype(object) - 7) * (2**32 - 1)
    expected = [max(min(total + 2 ** (shift - 1) >> shift, 127), -128) for total in exact]
    assert found.tolist() == expected


def test_sums_with_their_bias_beyond_27_bits_become_a_bound() -> None:
    # 27 bits are 32 results.
    words = one_channel(2**30, 51, bias=2**29 - 1)
    sums = np.array([2**26 - 2**29, 2**26 + 1 - 2**29, 2**31 - 1, -(2**31)], np.int32)[:, None]
    assert requantized(job(), sums, NO_LINE, words)[:, 0].tolist() == [32, 127, 127, -128]
    words = one_channel(2**30, 51, bias=-(2**29))
    sums = np.array([2**29 - 2**26, 2**29 - 2**26 - 1, 2**31 - 1, -(2**31)], np.int32)[:, None]
    assert requantized(job(), sums, NO_LINE, words)[:, 0].tolist() == [-32, -128, 127, -128]


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(-4, 6, [-4, 0, 6]), (6, -4, [6, 6, -4]), (-128, 127, [-9, 0, 9])]
)
def test_the_lower_bound_comes_first(low: int, high: int, expected: list[int]) -> None:
    words = one_channel(2**30, 30)
    bounds = job(integer_low=low, integer_high=high)
    found = requantized(bounds, np.array([[-9], [0], [9]], np.int32), NO_LINE, words)
    assert found[:, 0].tolist() == expected


def test_sums_with_an_operand() -> None:
    scales, zero_points = SumScales.of(0.02, 0.0303, 0.0411), (-20, 17)
    form = sum_form(scales, zero_points, -128 + 5, 120 + 5)
    assert form is not None
    line = np.frombuffer(sum_parameters(form, zero_points, Clamp(-100, 90)), "<i4").reshape(4, 4)
    adds = job(add_residual=True, zero_point=-5, integer_high=120)
    words = np.repeat(one_channel(2**30, 30), 256, axis=1)
    sums = np.arange(-128, 128, dtype=np.int32)[None]
    values = requantized(adds, sums, line, words)
    np.testing.assert_array_equal(values, sums.clip(-100 + 20, 90 + 20))
    operand = np.arange(-128, 128).astype(np.int8)[:, None]
    values = np.repeat(values, 256, axis=0)
    found = finished(adds, values, np.repeat(operand, 256, axis=1), line, None)
    expected = scaled_sum(values, operand.astype(np.int64) - 17, scales) - 5
    np.testing.assert_array_equal(found, expected.clip(-128, 120))


def test_tables_are_indexed_by_unsigned_bytes() -> None:
    table = np.random.default_rng(2).integers(-128, 128, 256).astype(np.int8)
    values = np.array([0, 1, 127, -128, -1])
    found = finished(job(apply_table=True), values, None, NO_LINE, table)
    np.testing.assert_array_equal(found, table[[0, 1, 127, 128, 255]])
