"""Forms of the rules of operators, compared for every sum of a range."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.forms import (
    average_form,
    multiplier_form,
    requantization_forms,
)
from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding
from modelgen.arithmetic.integer.rounding import divide_half_away
from modelgen.arithmetic.integer.sums import scaled

FACTORS = np.array([0.5, 0.013, 0.0625, 1 / 3, 1.25])
POWERS = 2.0 ** np.array([-9, -5, -2, 0, 1])


@pytest.mark.parametrize("rule", Rounding)
@pytest.mark.parametrize("clamp", [Clamp(), Clamp(-5, 90)])
@pytest.mark.parametrize("factors", [FACTORS, POWERS])
def test_each_channel_has_a_form(rule: Rounding, clamp: Clamp, factors: np.ndarray) -> None:
    constants = rule.constants(factors)
    requantization = Requantization(rule, -5, clamp)
    lowest, highest = np.full(5, -12000), np.full(5, 9000)
    forms = requantization_forms(requantization, constants, lowest, highest)
    assert forms.exact.all()
    sums = np.repeat(np.arange(-12000, 9001)[:, None], 5, 1)
    expected = requantization.of(sums, constants)
    np.testing.assert_array_equal(clamp.of(forms.of(sums) - 5), expected)


def test_products_that_are_rounded_to_ties_need_the_rounding_of_fp32() -> None:
    constants = Rounding.HALF_EVEN.constants(np.array([0.3]))
    requantization = Requantization(Rounding.HALF_EVEN, 0)
    limits = np.array([-400]), np.array([400])
    assert requantization_forms(requantization, constants, *limits).ties_even


def test_sums_that_start_over_have_no_form() -> None:
    constants = Rounding.DOUBLE.constants(np.array([4.0, 4.0]) / 2)
    lowest, highest = np.array([0, 0]), np.array([2**27, 2**30])
    forms = requantization_forms(Requantization(Rounding.DOUBLE, 0), constants, lowest, highest)
    assert forms.exact.tolist() == [True, False]


@pytest.mark.parametrize("factor", [0.02, 2.0**-6, 0.3])
def test_products_with_one_multiplier(factor: float) -> None:
    multiplier = Multiplier.of(factor)
    form = multiplier_form(multiplier, -20000, 15000, 7, Clamp())
    assert form.exact
    sums = np.arange(-20000, 15001)
    expected = Clamp().of(scaled(sums, multiplier) + 7)
    np.testing.assert_array_equal(Clamp().of(form.of(sums) + 7), expected)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 9, 49, 64, 125])
def test_averages(count: int) -> None:
    form = average_form(count, Clamp(-100, 127))
    assert form.exact
    sums = np.arange(-128 * count, 127 * count + 1)
    expected = divide_half_away(sums, count).clip(-100, 127)
    np.testing.assert_array_equal(form.of(sums).clip(-100, 127), expected)
