"""Rules as products, constants and shifts: compared with the rule for every sum of a range."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from modelgen.arithmetic.integer.channel_forms import (
    CPU,
    SHIFTS,
    ChannelForms,
    channel_forms,
    nearest,
    rounded,
)
from modelgen.arithmetic.integer.forms import requantization_forms
from modelgen.arithmetic.integer.requantization import Requantization, Rounding
from modelgen.arithmetic.integer.rounding import round_half_even
from modelgen.arithmetic.integer.staircase import Rule, staircases

LOW, HIGH = -100, 60
FACTORS = [0.5, 0.25, 0.3, 1.0, 1.7, 0.01, 2.0**-7]


def forms_of(
    rule: Rule, factors: list[float], lowest: int, highest: int, low: int = LOW, high: int = HIGH
) -> ChannelForms:
    values = np.array(factors)
    ends = np.full(len(values), lowest), np.full(len(values), highest)
    return channel_forms(staircases(rule, *ends, low, high, values), values)


def check(rule: Rule, factors: list[float], lowest: int, highest: int) -> ChannelForms:
    """Compare a rule with its forms for every sum; return the forms."""
    forms = forms_of(rule, factors, lowest, highest)
    assert forms.exact.all()
    sums = np.arange(lowest, highest + 1)[:, None]
    np.testing.assert_array_equal(forms.of(sums).clip(LOW, HIGH), rule(sums).clip(LOW, HIGH))
    return forms


@pytest.mark.parametrize("ends", [(-9000, 9000), (-9000, -20), (20, 9000), (-3, 5), (0, 0)])
def test_ties_in_each_direction(ends: tuple[int, int]) -> None:
    factors = np.array(FACTORS)
    check(lambda x: np.floor(x * factors + 0.5).astype(np.int64), FACTORS, *ends)
    check(lambda x: np.ceil(x * factors - 0.5).astype(np.int64), FACTORS, *ends)
    away = lambda x: (np.sign(x) * np.floor(np.abs(x) * factors + 0.5)).astype(np.int64)  # noqa: E731
    forms = check(away, FACTORS, *ends)
    assert not forms.ties_even


def test_even_ties_need_their_flag() -> None:
    factors = [0.5, 1 / 8, 3 / 8]
    forms = check(lambda x: np.rint(x * np.array(factors)).astype(np.int64), factors, -900, 900)
    assert forms.ties_even
    np.testing.assert_array_equal(forms.multiplier / 2.0**forms.shift, factors)
    assert not forms.positive.any()


@pytest.mark.parametrize("exponent", [-3, -9, -13, -18])
def test_products_that_fp32_rounds_to_ties(exponent: int) -> None:
    scales = (2.0**exponent * np.random.default_rng(1).uniform(1, 2, 60)).astype(np.float32)
    most = min(int(160 / 2.0**exponent), 2**24)

    def rule(sums: np.ndarray) -> np.ndarray:
        return round_half_even(sums, scales)

    forms = forms_of(rule, scales.tolist(), -most, most, -128, 127)
    assert forms.exact.all()
    sums = np.random.default_rng(2).integers(-most, most + 1, (20_000, 60))
    expected = rule(sums).clip(-128, 127)
    np.testing.assert_array_equal(forms.of(sums).clip(-128, 127), expected)


def test_sums_that_fp32_does_not_hold_may_have_no_form() -> None:
    scales = (2.0**-20 * np.random.default_rng(1).uniform(1, 2, 60)).astype(np.float32)

    def rule(sums: np.ndarray) -> np.ndarray:
        return round_half_even(sums, scales)

    forms = forms_of(rule, scales.tolist(), -(2**26), 2**26 - 1)
    assert not forms.exact.all()
    sums = np.random.default_rng(2).integers(-(2**26), 2**26, (20_000, 60))
    expected = rule(sums).clip(LOW, HIGH)
    found = forms.of(sums).clip(LOW, HIGH)
    np.testing.assert_array_equal(found[:, forms.exact], expected[:, forms.exact])


def test_multipliers_have_all_their_bits() -> None:
    factors = np.array([2.0, 1.0, 3.9, 0.1, 2.0**-30, 2.0**-31, 0.0, 1 - 2.0**-40])
    multiplier, shift = nearest(factors)
    assert shift.tolist() == [30, 30, 30, 30, 51, 51, 30, 30]
    exact = [2**31, 2**30, 2**21, 2**20, 0, 2**30]
    np.testing.assert_array_equal(multiplier[[0, 1, 4, 5, 6, 7]], exact)


@pytest.mark.parametrize("exponent", [-25.01, -18, -11.5, -5, -4.99, -0.5, 1.99])
def test_multipliers_have_at_least_26_bits(exponent: float) -> None:
    multiplier, shift = nearest(np.array([2.0**exponent]))
    assert 2**25 <= multiplier[0] < 2**32
    assert shift[0] in SHIFTS


def test_multipliers_that_are_rounded_up_to_the_next_power() -> None:
    multiplier, shift = nearest(np.array([2.0**-5 * (1 - 2.0**-40), 4 * (1 - 2.0**-30)]))
    assert (multiplier.tolist(), shift.tolist()) == ([2**25, 2**32 - 4], [30, 30])


def test_other_multipliers_are_tried() -> None:
    # The given factor is a little off.
    given = np.array([0.013])
    multiplier, shift = nearest(given)
    ends = np.array([-(2**25)]), np.array([2**25])
    rule = lambda x: rounded(x * (multiplier - 192), shift)  # noqa: E731
    forms = channel_forms(staircases(rule, *ends, -(2**18), 2**18, given), given)
    assert forms.exact.all()
    assert forms.multiplier < multiplier


def test_one_sign_alone_may_have_a_constant() -> None:
    rule = lambda x: np.where(x < 0, (x - 3) >> 3, (x + 4) >> 3)  # noqa: E731
    forms = check(rule, [1 / 8], -500, 500)
    assert forms.positive[0] == 0
    assert forms.negative[0] < 0


@pytest.mark.parametrize("ends", [(-9000, 3), (-3, 9000)])
def test_zero_is_checked_where_no_step_is_near(ends: tuple[int, int]) -> None:
    forms = check(lambda x: (x + 12) // 10, [0.1], *ends)
    assert (forms.positive[0] > 0) == (forms.negative[0] > 0)


def test_constants_have_limits() -> None:
    # A sum more or less is 2^30 / 2^16 units: of a positive sum three or one may be added.
    for sign in (1, -1):
        ends = sorted((sign, sign * 50))
        assert forms_of(lambda x, s=sign: x + 3 * s, [1.0], *ends).exact.all()
        assert not forms_of(lambda x, s=sign: x + 5 * s, [1.0], *ends).exact.any()
        assert forms_of(lambda x, s=sign: x - s, [1.0], *ends).exact.all()
        assert not forms_of(lambda x, s=sign: x - 3 * s, [1.0], *ends).exact.any()


def test_rules_without_a_form() -> None:
    irregular = np.array([0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 4, 5])
    assert not forms_of(lambda x: irregular[x], [0.4], 0, 13).exact.any()
    # More than any multiplier.
    assert not forms_of(lambda x: 5 * x, [5.0], -9, 9).exact.any()


@pytest.mark.parametrize("sign", [1, -1])
def test_sums_beyond_27_bits_become_a_bound(sign: int) -> None:
    def rule(sums: np.ndarray) -> np.ndarray:
        return (sums * 3 + 2**18) >> 19

    lowest, highest = sorted((sign * 2**30, 0))
    assert forms_of(rule, [3 / 2**19], lowest, highest).exact.all()
    # A smaller slope reaches its last step behind the largest sum.
    slow = forms_of(lambda x: (x * 3 + 2**21) >> 22, [3 / 2**22], lowest, highest)
    assert not slow.exact.any()


def test_channels_with_one_result_may_have_any_sums() -> None:
    lowest, highest = np.array([2**30, 99_105_456, -5]), np.array([2**30, 99_198_276, 5])
    factors = np.array([2.0**-25, 2.3e-7, 0.3])

    def rule(sums: np.ndarray) -> np.ndarray:
        return np.floor(sums * factors + 0.5).astype(np.int64)

    forms = channel_forms(staircases(rule, lowest, highest, LOW, HIGH, factors), factors)
    assert forms.exact.all()
    assert forms.offset[0]
    assert forms.offset[1]
    assert not forms.offset[2]
    for sums in (lowest, highest, (lowest + highest) // 2):
        np.testing.assert_array_equal(forms.of(sums), rule(sums))


def fp32(values: np.ndarray, shift: int) -> np.ndarray:
    """Quotients rounded to FP32, then to even integers; values have to be FP64 numbers."""
    quotients = values.astype(np.float64) / 2.0**shift
    return np.rint(quotients.astype(np.float32)).astype(np.int64)


@pytest.mark.parametrize("shift", [*SHIFTS[:2], 41])
def test_rounding_as_fp32_at_and_near_ties(shift: int) -> None:
    random = np.random.default_rng(shift)
    ties = (2 * random.integers(-256, 256, 4000) + 1) << (shift - 1)
    near = random.integers(-40, 41, 4000) << max(shift - 30, 0)
    wide = random.integers(0, 2 ** max(shift - 14, 1), 4000) * random.choice([-1, 1], 4000)
    for values in (ties, ties + near, ties + wide, wide, wide << 9):
        values = values[~is_just_above(values, shift)]
        found = rounded(values, shift, ties_even=True)
        np.testing.assert_array_equal(found, fp32(values, shift))


def is_just_above(values: np.ndarray, shift: int) -> np.ndarray:
    """Whether quotients are half a unit of FP32's last bit above a tie."""
    ties = (values >> shift << shift) + (1 << (shift - 1))
    units = np.abs(np.spacing((ties / 2.0**shift).astype(np.float32))) * 2.0**shift
    return values - ties == units.astype(np.float64) / 2


@pytest.mark.parametrize("shift", SHIFTS)
def test_from_half_a_unit_above_a_tie_hardware_goes_upwards(shift: int) -> None:
    ties = (2 * np.arange(-120, 120) + 1) << (shift - 1)
    units = np.abs(np.spacing((ties / 2.0**shift).astype(np.float32))) * 2.0 ** (shift - 1)
    above = ties + units.astype(np.int64)
    assert is_just_above(above, shift).all()
    found = rounded(above, shift, ties_even=True)
    np.testing.assert_array_equal(found, (ties >> shift) + 1)
    below = ties - units.astype(np.int64)
    np.testing.assert_array_equal(rounded(below, shift, ties_even=True), fp32(below, shift))


def test_ties_go_upwards() -> None:
    values = np.array([-3, -2, -1, 0, 1, 2, 3, 5, 6]) << 24
    np.testing.assert_array_equal(rounded(values, 25), [-1, -1, 0, 0, 1, 1, 2, 3, 3])
    even = rounded(values, 25, ties_even=True)
    np.testing.assert_array_equal(even, [-2, -1, 0, 0, 0, 1, 2, 2, 3])


def test_forms_of_channels_do_not_depend_on_each_other() -> None:
    factors = [0.3, 0.01]
    rule: Callable = lambda x: np.floor(x * np.array(factors) + 0.5).astype(np.int64)  # noqa: E731
    both = forms_of(rule, factors, -400, 400)
    for channel, factor in enumerate(factors):
        alone = forms_of(
            lambda x, f=factor: np.floor(x * f + 0.5).astype(np.int64), [factor], -400, 400
        )
        assert alone.multiplier[0] == both.multiplier[channel]
        assert alone.positive[0] == both.positive[channel]


def test_the_cpu_has_forms_where_the_engine_has_none() -> None:
    """Small factors, and sums of all 31 bits: more than 26 bits of a multiplier are needed."""
    factors, largest = np.array([2.0**-20, 1.3e-6]), np.full(2, 2**31 - 1)
    rule = Requantization(Rounding.HALF_AWAY, 3)
    constants = Rounding.HALF_AWAY.constants(factors)
    assert not requantization_forms(rule, constants, -largest, largest).exact.any()
    assert requantization_forms(rule, constants, -largest, largest, CPU).exact.all()
