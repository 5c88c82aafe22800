"""Factors as 31-bit integers and powers of two."""

from __future__ import annotations

import pytest

from modelgen.arithmetic.integer.multiplier import Multiplier


@pytest.mark.parametrize(
    ("factor", "value", "shift"),
    [
        (0.5, 2**30, 0),
        (1.0, 2**30, 1),
        (0.75, 3 * 2**29, 0),
        (3.0, 3 * 2**29, 2),
        (0.1, round(0.8 * 2**31), -3),
        (0.0, 0, 0),
        # The fraction is rounded up to 1, and so to the next power of two.
        (1.0 - 2.0**-40, 2**30, 1),
        # Half a unit of the last place goes up.
        (0.5 + 2.0**-32, 2**30 + 1, 0),
        (2.0**-32, 2**30, -31),
        (0.99 * 2.0**-32, 0, 0),
    ],
)
def test_factors(factor: float, value: int, shift: int) -> None:
    multiplier = Multiplier.of(factor)
    assert multiplier == Multiplier(value, shift)
    assert float(multiplier) == pytest.approx(factor, rel=2.0**-31, abs=2.0**-32)
