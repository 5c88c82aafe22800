"""Sine and cosine: error bound for numbers of every size, special values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modelgen.arithmetic.trigonometric import cos, sin
from tests.support.function_checks import (
    Exact,
    Wide,
    absolute_error,
    check_special,
    every_exponent,
    samples,
)


@pytest.mark.parametrize(("exact", "wide"), [(sin, math.sin), (cos, math.cos)])
def test_the_error_is_within_its_bound(exact: Exact, wide: Wide) -> None:
    """The C library's functions are exact to the last bits for numbers of every size."""
    every = every_exponent()
    for values in (every[np.isfinite(every)], samples(-20, 20), samples(-140_000, 140_000)):
        assert absolute_error(exact, np.vectorize(wide, otypes=[np.float64]), values) < 3e-7


def test_special_values() -> None:
    check_special(sin, np.nan, np.nan)
    check_special(cos, np.nan, np.nan)
    assert sin(np.zeros(1, np.float32)) == 0.0 and cos(np.zeros(1, np.float32)) == 1.0
