"""Thresholds of rules."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.staircase import staircases

LIMITS = np.array([-20, -5]), np.array([20, 100])
STEP = np.array([3, 10])


@pytest.mark.parametrize("factors", [1 / STEP, STEP / 100.0, np.array([0.0, 9.0])])
def test_thresholds_are_found_for_each_channel(factors: np.ndarray) -> None:
    lowest, highest = LIMITS
    stairs = staircases(lambda x: x // STEP, lowest, highest, -4, 3, factors)
    assert (stairs.low, stairs.high) == (-4, 3)
    for channel in range(2):
        sums = np.arange(lowest[channel], highest[channel] + 1)
        results = (sums // STEP[channel]).clip(-4, 3)
        expected = [
            int(sums[results >= result][0]) if (results >= result).any() else highest[channel] + 1
            for result in range(-3, 4)
        ]
        np.testing.assert_array_equal(stairs.thresholds[:, channel], expected)


def test_long_ranges_are_searched_near_what_the_factor_says() -> None:
    evaluated = 0

    def rule(sums: np.ndarray) -> np.ndarray:
        nonlocal evaluated
        evaluated += 1
        return (sums + 512) >> 10

    ends = np.array([-(2**29)]), np.array([2**29])
    stairs = staircases(rule, *ends, -100, 100, np.array([1 / 1024]))
    np.testing.assert_array_equal(stairs.thresholds[:, 0], np.arange(-99, 101) * 1024 - 512)
    assert evaluated < 10


def test_results_that_are_never_or_always_reached() -> None:
    ends = np.array([-5]), np.array([5])
    factor = np.array([1.0])
    never = staircases(lambda x: x * 0, *ends, 0, 2, factor)
    np.testing.assert_array_equal(never.thresholds[:, 0], [6, 6])
    always = staircases(lambda x: x * 0 + 9, *ends, 0, 2, factor)
    np.testing.assert_array_equal(always.thresholds[:, 0], [-5, -5])


def test_moved_sums_have_the_same_results() -> None:
    stairs = staircases(lambda x: x // STEP, *LIMITS, -4, 3, 1 / STEP)
    offset = np.array([1000, -7])
    moved = stairs.moved(offset)
    np.testing.assert_array_equal(moved.thresholds, stairs.thresholds + offset)
    assert moved.lowest.tolist() == [980, -12]
    assert moved.highest.tolist() == [1020, 93]
    sums = np.array([[-9, 30], [9, -5]])
    np.testing.assert_array_equal(moved.results(sums + offset), stairs.results(sums))
