"""Thresholds of rules."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.staircase import staircases


def test_thresholds_are_found_for_each_channel() -> None:
    step = np.array([3, 10])
    lowest, highest = np.array([-20, -5]), np.array([20, 100])
    found = staircases(lambda x: x // step, lowest, highest, -4, 3)
    for channel, stairs in enumerate(found):
        sums = np.arange(lowest[channel], highest[channel] + 1)
        results = (sums // step[channel]).clip(-4, 3)
        expected = [
            int(sums[results >= result][0]) if (results >= result).any() else highest[channel] + 1
            for result in range(-3, 4)
        ]
        assert (stairs.low, stairs.high) == (-4, 3)
        np.testing.assert_array_equal(stairs.thresholds, expected)


def test_results_that_are_never_or_always_reached() -> None:
    (never,) = staircases(lambda x: x * 0, np.array([-5]), np.array([5]), 0, 2)
    np.testing.assert_array_equal(never.thresholds, [6, 6])
    (always,) = staircases(lambda x: x * 0 + 9, np.array([-5]), np.array([5]), 0, 2)
    np.testing.assert_array_equal(always.thresholds, [-5, -5])
