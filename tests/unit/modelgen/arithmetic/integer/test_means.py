"""Multipliers of means."""

from __future__ import annotations

import pytest

from modelgen.arithmetic.integer.means import mean_multiplier
from modelgen.arithmetic.integer.multiplier import Multiplier


@pytest.mark.parametrize("count", [1, 2, 3, 64, 9312])
def test_a_mean_divides_by_the_number_of_values(count: int) -> None:
    assert float(mean_multiplier(0.5, count)) == pytest.approx(0.5 / count, rel=1e-8)


def test_the_quotient_is_rounded_down() -> None:
    assert mean_multiplier(0.5, 3) == Multiplier(2**31 // 3, -1)


def test_shifts_have_at_most_31_places() -> None:
    # Precision is lost instead.
    assert mean_multiplier(2.0**-30, 64) == Multiplier(2**30 * 4 // 64, -31)
