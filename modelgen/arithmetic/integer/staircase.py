"""Rules of rounding as staircases: from which sum on a result is at least each value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Rule = Callable[[np.ndarray], np.ndarray]
"""From sums of N channels, INT64, shape (..., N), to results before the zero point is added. A rule
has to be monotone: a larger sum never has a smaller result."""


@dataclass(frozen=True, eq=False)
class Staircase:
    """The results of a channel for all sums that it can have."""

    lowest: int
    """The smallest sum."""
    highest: int
    low: int
    """Results are clamped to this one."""
    thresholds: np.ndarray
    """Of each result above `low`, in order: the smallest sum with at least this result, from
    `lowest` to `highest` + 1."""

    @property
    def high(self) -> int:
        """The largest result that is told apart from smaller ones."""
        return self.low + len(self.thresholds)


def staircases(
    rule: Rule, lowest: np.ndarray, highest: np.ndarray, low: int, high: int
) -> list[Staircase]:
    """Return the staircase of each channel, by bisection.

    Args:
        rule: for all channels.
        lowest: smallest sum of each channel, INT64, shape (N,).
        highest: largest sum.
        low: smallest result, the zero point not added.
        high: largest result.
    """
    results = np.arange(low + 1, high + 1)[:, None]
    below, above = (
        np.broadcast_to(limit, (len(results), len(lowest))).copy()
        for limit in (lowest, highest + 1)
    )
    while (below < above).any():
        middle = (below + above) >> 1
        # Where both are equal, nothing may change; the sum may lie beyond the range.
        reached = (below >= above) | (rule(np.minimum(middle, highest)) >= results)
        above = np.where(reached & (below < above), middle, above)
        below = np.where(reached, below, middle + 1)
    return [
        Staircase(int(first), int(last), low, below[:, channel])
        for channel, (first, last) in enumerate(zip(lowest, highest, strict=True))
    ]
