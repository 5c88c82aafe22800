"""Rules of rounding as staircases: from which sum on a result is at least each value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Rule = Callable[[np.ndarray], np.ndarray]
"""From sums of N channels, INT64, shape (..., N), to results before the zero point is added. A rule
has to be monotone: a larger sum never has a smaller result."""

_NEAR = 4
"""How many sums from where a factor puts a threshold it is looked for first."""
_FINE = 2.0**-21
"""Its share of the sum, more than FP32 rounds away, that is added to that."""


@dataclass(frozen=True, eq=False)
class Staircases:
    """The results of N channels for all sums that they can have."""

    rule: Rule
    lowest: np.ndarray
    """The smallest sum of each channel, INT64, shape (N,)."""
    highest: np.ndarray
    low: int
    """Results are clamped to this one."""
    thresholds: np.ndarray
    """Of each result above `low`, in order: the smallest sum with at least this result, from
    `lowest` to `highest` + 1; INT64, shape (results, N)."""

    @property
    def high(self) -> int:
        """The largest result that has a threshold of its own."""
        return self.low + len(self.thresholds)

    def results(self, sums: np.ndarray) -> np.ndarray:
        """Return the clamped results for sums in the range, shape (..., N)."""
        return self.rule(sums).clip(self.low, self.high)

    def moved(self, offset: np.ndarray) -> Staircases:
        """Return the staircases of sums to which an offset of each channel, (N,), was added."""
        return Staircases(
            lambda sums: self.rule(sums - offset),
            self.lowest + offset,
            self.highest + offset,
            self.low,
            self.thresholds + offset,
        )


def staircases(
    rule: Rule,
    lowest: np.ndarray,
    highest: np.ndarray,
    low: int,
    high: int,
    factors: np.ndarray,
) -> Staircases:
    """Return the staircase of each channel, by bisection.

    Args:
        rule: for all channels.
        lowest: smallest sum of each channel, INT64, shape (N,).
        highest: largest sum.
        low: smallest result, the zero point not added.
        high: largest result.
        factors: about what each channel's sums are multiplied by, FP64, shape (N,): they only say
            where to look first.
    """
    results = np.arange(low + 1, high + 1)[:, None]
    below, above = _near(rule, results, lowest, highest, factors)
    while (below < above).any():
        middle = (below + above) >> 1
        # Where both are equal, nothing may change; the sum may lie beyond the range.
        reached = (below >= above) | (rule(np.minimum(middle, highest)) >= results)
        above = np.where(reached & (below < above), middle, above)
        below = np.where(reached, below, middle + 1)
    return Staircases(rule, lowest, highest, low, below)


def _near(
    rule: Rule, results: np.ndarray, lowest: np.ndarray, highest: np.ndarray, factors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return limits between which the thresholds lie: near ones where the rule confirms them."""
    with np.errstate(divide="ignore"):
        expected = ((results - 0.5) / factors).clip(lowest - 1.0, highest + 1.0)
    margin = _NEAR + np.abs(expected) * _FINE
    first, last = (
        np.floor(expected + side).astype(np.int64).clip(lowest, highest + 1)
        for side in (-margin, margin)
    )
    # A threshold is not before a sum of which the one before does not reach the result.
    starts = (first == lowest) | (rule(np.maximum(first - 1, lowest)) < results)
    ends = (last == highest + 1) | (rule(np.minimum(last, highest)) >= results)
    return np.where(starts, first, lowest), np.where(ends, last, highest + 1)
