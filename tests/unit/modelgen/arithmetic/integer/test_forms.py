"""Forms of the rules of operators, compared for every sum of a range."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.forms import (
    average_form,
    multiplier_form,
    requantization_forms,
    rounded_once,
    rounded_twice,
)
from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding
from modelgen.arithmetic.integer.rounding import divide_half_away, round_double, round_single
from modelgen.arithmetic.integer.sums import scaled

FACTORS = np.array([0.5, 0.013, 0.0625, 1 / 3, 1.25])
POWERS = 2.0 ** np.array([-9, -5, -2, 0, 1])


@pytest.mark.parametrize("rule", Rounding)
@pytest.mark.parametrize("clamp", [Clamp(), Clamp(-5, 90)])
def test_each_channel_has_a_form(rule: Rounding, clamp: Clamp) -> None:
    # Products in FP32 can be rounded to ties, and have no form then.
    constants = rule.constants(POWERS if rule is Rounding.HALF_EVEN else FACTORS)
    requantization = Requantization(rule, -5, clamp)
    lowest, highest = np.full(5, -12000), np.full(5, 9000)
    forms = requantization_forms(requantization, constants, lowest, highest)
    sums = np.arange(-12000, 9001)
    expected = requantization.of(np.repeat(sums[:, None], 5, 1), constants)
    for channel, form in enumerate(forms):
        assert form is not None
        np.testing.assert_array_equal(clamp.of(form.of(sums) - 5), expected[:, channel])


def test_products_that_are_rounded_to_ties_have_no_form() -> None:
    constants = Rounding.HALF_EVEN.constants(np.array([0.3]))
    requantization = Requantization(Rounding.HALF_EVEN, 0)
    limits = np.array([-400]), np.array([400])
    assert requantization_forms(requantization, constants, *limits) == [None]


def test_sums_that_start_over_have_no_form() -> None:
    constants = Rounding.DOUBLE.constants(np.array([4.0, 4.0]))
    lowest, highest = np.array([0, 0]), np.array([2**27, 2**29])
    short, wide = requantization_forms(
        Requantization(Rounding.DOUBLE, 0), constants, lowest, highest
    )
    assert short is not None
    assert wide is None


@pytest.mark.parametrize("factor", [0.02, 2.0**-6, 0.3])
def test_products_with_one_multiplier(factor: float) -> None:
    multiplier = Multiplier.of(factor)
    form = multiplier_form(multiplier, -20000, 15000, 7, Clamp())
    assert form is not None
    sums = np.arange(-20000, 15001)
    expected = Clamp().of(scaled(sums, multiplier) + 7)
    np.testing.assert_array_equal(Clamp().of(form.of(sums) + 7), expected)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 9, 49, 64, 125])
def test_averages(count: int) -> None:
    form = average_form(count, Clamp(-100, 127))
    assert form is not None
    sums = np.arange(-128 * count, 127 * count + 1)
    expected = divide_half_away(sums, count).clip(-100, 127)
    np.testing.assert_array_equal(form.of(sums).clip(-100, 127), expected)


SHIFTS = [(2**30, -7), (2**31 - 1, -1), (1515870810, 0), (1234567891, 3), (2**30, -31), (0, 0)]


@pytest.mark.parametrize(("multiplier", "shift"), SHIFTS)
def test_double_rounding_is_adding_both_halves(multiplier: int, shift: int) -> None:
    form = rounded_twice(multiplier, shift)
    assert form is not None
    random = np.random.default_rng(0)
    largest = (2**31 - 1) >> max(shift, 0)
    sums = random.integers(-largest, largest + 1, 20_000)
    # Sums whose products are near ties, and near zero.
    unit = 2.0 ** (30 - shift) / max(multiplier, 1)
    ties = np.rint((2 * np.arange(-500, 500) + 1) * unit)[:, None] + np.arange(-2, 3)
    sums = np.concatenate([sums, ties.reshape(-1).clip(-largest, largest).astype(np.int64)])
    sums = np.concatenate([sums, np.arange(-300, 300), [largest, -largest]])
    pair = np.array([multiplier, shift], np.int64)
    np.testing.assert_array_equal(form.of(sums), round_double(sums, *pair))


def test_what_no_form_has() -> None:
    assert rounded_twice(2**30, 31) is None
    form = rounded_twice(2**30, 30)
    assert form is not None and form.of(np.array([-1, 0, 1])).tolist() == [-(2**29), 0, 2**29]


@pytest.mark.parametrize(("multiplier", "shift"), SHIFTS[:4])
def test_single_rounding(multiplier: int, shift: int) -> None:
    sums = np.random.default_rng(0).integers(-(2**31), 2**31, 20_000)
    pair = np.array([multiplier, shift], np.int64)
    found = rounded_once(multiplier, shift).of(sums)
    np.testing.assert_array_equal(found, round_single(sums, *pair))
