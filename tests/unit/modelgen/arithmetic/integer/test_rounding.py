"""Rules of rounding, beside exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.rounding import (
    divide_half_away,
    high_product,
    nearest_away,
    round_double,
    round_half_away,
    round_half_even,
    round_single,
    shift_right,
)


def half_away(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2)) if value >= 0 else -half_away(-value)


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def integers(count: int = 500, bits: int = 31) -> np.ndarray:
    random = np.random.default_rng(0)
    sizes = random.integers(1, bits + 1, count)
    drawn = [int(random.integers(-(2 ** int(b - 1)), 2 ** int(b - 1))) for b in sizes]
    return np.array([*drawn, 0, 1, -1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1))], np.int64)


def test_products_of_fractions_are_rounded_once() -> None:
    first, second = integers(bits=32), integers(bits=32)[::-1]
    found = high_product(first, second)
    for x, y, result in zip(first.tolist(), second.tolist(), found.tolist(), strict=True):
        # Ties of negative products go up, too.
        assert result == half_up(Fraction(x * y, 2**31))


def test_ties_of_fractions_go_up() -> None:
    found = high_product(np.array([-(2**30), 2**30, -3 * 2**30, 3 * 2**30]), 1)
    np.testing.assert_array_equal(found, [0, 1, -1, 2])


def test_the_smallest_fraction_squared_is_the_largest() -> None:
    assert high_product(np.array([-(2**31)]), -(2**31)) == 2**31 - 1
    assert high_product(np.array([-(2**15)]), -(2**15), 16) == 2**15 - 1


@pytest.mark.parametrize("places", [0, 1, 2, 7, 31])
def test_shifts_round_away_from_zero(places: int) -> None:
    values = integers()
    expected = [half_away(Fraction(x, 2**places)) for x in values.tolist()]
    np.testing.assert_array_equal(shift_right(values, places), expected)


@pytest.mark.parametrize("factor", [0.3, 0.5, 1 / 3, 0.0009765625, 3e-5, 1.5, 6.0])
def test_double_rounding(factor: float) -> None:
    values, multiplier = integers(bits=28), Multiplier.of(factor)
    found = round_double(values, *np.array([multiplier.value, multiplier.shift], np.int64))
    for x, result in zip(values.tolist(), found.tolist(), strict=True):
        left, right = max(multiplier.shift, 0), max(-multiplier.shift, 0)
        fraction = half_up(Fraction(x * 2**left * multiplier.value, 2**31))
        assert result == half_away(Fraction(fraction, 2**right))


def test_left_shifts_start_over_beyond_32_bits() -> None:
    shift = np.array([2])
    assert round_double(np.array([2**30]), np.array([2**30]), shift) == 0
    assert round_double(np.array([2**29]), np.array([2**30]), shift) == -(2**30)


@pytest.mark.parametrize("factor", [0.3, 0.5, 0.0009765625, 3e-5, 1.5])
def test_single_rounding_takes_ties_up(factor: float) -> None:
    values, multiplier = integers(), Multiplier.of(factor)
    found = round_single(values, *np.array([multiplier.value, multiplier.shift], np.int64))
    exact = Fraction(multiplier.value, 2**31) * Fraction(2) ** multiplier.shift
    np.testing.assert_array_equal(found, [half_up(x * exact) for x in values.tolist()])


def test_floating_point_rules_differ_in_ties() -> None:
    values = np.array([-5, -3, -1, 1, 3, 5])
    half = np.array([0.5])
    np.testing.assert_array_equal(round_half_away(values, half), [-3, -2, -1, 1, 2, 3])
    np.testing.assert_array_equal(round_half_even(values, half), [-2, -2, 0, 0, 2, 2])


def test_fp32_sums_and_products_are_rounded() -> None:
    # 2^24 + 1 is no FP32 number.
    assert round_half_even(np.array([2**24 + 1]), np.array([1.0], np.float32)) == 2**24
    assert round_half_away(np.array([2**24 + 1]), np.array([1.0])) == 2**24 + 1


def test_the_largest_number_below_a_half_is_rounded_down() -> None:
    below = np.nextafter(0.5, 0.0)
    np.testing.assert_array_equal(nearest_away(np.array([below, -below, 0.5, -0.5])), [0, 0, 1, -1])


@pytest.mark.parametrize("divisor", [1, 2, 3, 4, 7, 10, 25])
def test_quotients_round_away_from_zero(divisor: int) -> None:
    values = np.arange(-100, 101)
    expected = [half_away(Fraction(x, divisor)) for x in values.tolist()]
    np.testing.assert_array_equal(divide_half_away(values, divisor), expected)
