"""Folds: order of the additions, NaN in extrema."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.folds import Fold, fold, larger, longest_chain, smaller

BIG = 2.0**24


def total(values: list[float]) -> float:
    return float(fold(np.array(values, np.float32), 0.0, np.add))


def test_every_fourth_value_is_added_to_the_same_partial_sum() -> None:
    assert total([BIG, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -BIG]) == 0.0
    assert total([BIG, 0.0, 0.0, 0.0, -BIG, 0.0, 0.0, 0.0, 1.0]) == 1.0


def test_partial_sums_are_added_in_pairs() -> None:
    assert total([BIG, 1.0, -BIG, 0.0]) == 0.0
    assert total([BIG, -BIG, 1.0, 0.0]) == 1.0
    assert total([1.0, 0.0, BIG, -BIG]) == 1.0


@pytest.mark.parametrize("n", [1, 3, 4, 5, 11])
def test_all_values_are_included(n: int) -> None:
    values = np.arange(1, 2 * n + 1, dtype=np.float32).reshape(n, 2)
    np.testing.assert_array_equal(fold(values, 0.0, np.add), values.sum(axis=0))
    np.testing.assert_array_equal(fold(values, -np.inf, larger), values.max(axis=0))
    np.testing.assert_array_equal(fold(values, np.inf, smaller), values.min(axis=0))


def test_partial_results_may_be_combined_in_another_way() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0], np.float32)
    assert fold(values, 0.0, lambda partial, value: partial + value * value, np.add) == 55.0


@pytest.mark.parametrize("function", [larger, smaller])
def test_extrema_of_nan_are_nan(function: Fold) -> None:
    nan, one = np.float32(np.nan), np.float32(1.0)
    assert np.isnan(function(nan, one)) and np.isnan(function(one, nan))


@pytest.mark.parametrize(("n", "roundings"), [(1, 3), (4, 3), (5, 4), (64, 18)])
def test_roundings_of_a_value(n: int, roundings: int) -> None:
    assert longest_chain(n) == roundings
