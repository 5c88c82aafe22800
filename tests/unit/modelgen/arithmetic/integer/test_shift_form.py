"""Rules of rounding as one multiplication, one addition and one shift."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.rounding import round_double, round_single
from modelgen.arithmetic.integer.shift_form import rounded_once, rounded_twice

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
    assert rounded_twice(2**30, 31) is None and rounded_once(2**30, 31) is None
    assert rounded_once(2**30, 30) is not None
    form = rounded_twice(2**30, 30)
    assert form is not None and form.of(np.array([-1, 0, 1])).tolist() == [-(2**29), 0, 2**29]


@pytest.mark.parametrize(("multiplier", "shift"), SHIFTS[:4])
def test_single_rounding(multiplier: int, shift: int) -> None:
    sums = np.random.default_rng(0).integers(-(2**31), 2**31, 20_000)
    pair = np.array([multiplier, shift], np.int64)
    found = rounded_once(multiplier, shift).of(sums)
    np.testing.assert_array_equal(found, round_single(sums, *pair))
