"""Rules as products, constants and shifts: compared with the rule for every sum of a range."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from modelgen.arithmetic.integer.shift_form import ShiftForm, shift_form
from modelgen.arithmetic.integer.staircase import staircases

LOW, HIGH = -100, 60


def check(rule: Callable, factor: float, lowest: int, highest: int, bits: int = 31) -> ShiftForm:
    """Compare a rule with its form for every sum; return the form."""
    (stairs,) = staircases(rule, np.array([lowest]), np.array([highest]), LOW, HIGH)
    form = shift_form(stairs, factor, bits)
    assert form is not None
    sums = np.arange(lowest, highest + 1)
    np.testing.assert_array_equal(form.of(sums).clip(LOW, HIGH), rule(sums).clip(LOW, HIGH))
    return form


@pytest.mark.parametrize("factor", [0.5, 0.25, 0.3, 1.0, 1.7, 0.01, 2.0**-7])
@pytest.mark.parametrize("ends", [(-9000, 9000), (-9000, -20), (20, 9000), (-3, 5), (0, 0)])
def test_ties_in_each_direction(factor: float, ends: tuple[int, int]) -> None:
    check(lambda x: np.floor(x * factor + 0.5).astype(np.int64), factor, *ends)
    check(lambda x: np.ceil(x * factor - 0.5).astype(np.int64), factor, *ends)
    away = lambda x: (np.sign(x) * np.floor(np.abs(x) * factor + 0.5)).astype(np.int64)  # noqa: E731
    check(away, factor, *ends)


@pytest.mark.parametrize("factor", [0.5, 1 / 8, 3 / 8])
def test_even_ties_need_their_flag(factor: float) -> None:
    form = check(lambda x: np.rint(x * factor).astype(np.int64), factor, -900, 900)
    assert form.ties_even
    assert form.multiplier / 2**form.shift == factor
    assert form.positive == form.negative == 2**form.shift // 2


def test_the_shortest_multiplier_is_found() -> None:
    # In a short range, a slope near the factor does.
    form = check(lambda x: np.floor(x * 0.3334).astype(np.int64), 0.3334, 0, 30)
    assert form.multiplier.bit_length() <= 5
    shortest = form.multiplier.bit_length()
    assert all(
        not _fits(multiplier, shift)
        for shift in range(20)
        for multiplier in range(2 ** (shortest - 1))
    )


def _fits(multiplier: int, shift: int) -> bool:
    """Whether any constant makes a multiplier follow the rule of the test above."""
    sums = np.arange(31)
    expected = np.floor(sums * 0.3334).astype(np.int64)
    least = ((expected << shift) - sums * multiplier).max()
    most = ((expected + 1 << shift) - sums * multiplier).min()
    return bool(least < most)


def test_one_constant_does_where_zero_is_nothing_special() -> None:
    form = check(lambda x: np.floor(x * 0.37 + 0.2).astype(np.int64), 0.37, -500, 500)
    assert form.positive == form.negative


def test_constants_are_as_near_as_possible() -> None:
    # Ties away from zero: a half, and a half less the smallest sum.
    form = check(lambda x: np.sign(x) * ((np.abs(x) + 4) // 8), 1 / 8, -500, 500)
    assert (form.multiplier, form.shift, form.positive, form.negative) == (1, 3, 4, 3)


def test_rules_without_a_form() -> None:
    irregular = np.array([0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 4, 5])
    (stairs,) = staircases(lambda x: irregular[x], np.array([0]), np.array([13]), 0, 5)
    assert shift_form(stairs, 0.4) is None


def test_multipliers_are_as_short_as_asked() -> None:
    (stairs,) = staircases(
        lambda x: np.floor(x * 0.1234567).astype(np.int64), *np.array([[-900], [900]]), LOW, HIGH
    )
    form = shift_form(stairs, 0.1234567)
    assert form is not None
    bits = form.multiplier.bit_length()
    assert shift_form(stairs, 0.1234567, bits) == form
    assert shift_form(stairs, 0.1234567, bits - 1) is None
