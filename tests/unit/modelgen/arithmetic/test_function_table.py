"""Tables of quadratic polynomials: coefficients, corners, values that are no numbers."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.function_table import BYTES, FunctionTable
from tests.support.function_checks import CANONICAL_NAN, every_exponent

STEPS = FunctionTable.fitted(lambda x: np.floor(x * 32) / 32, 3, 20, (-8.0, 8.0))
"""Each of 512 segments has a constant, its lower end."""


def test_a_value_is_in_the_segment_of_its_lower_end() -> None:
    ends = np.arange(-254, 255) / 32
    # Positive numbers begin a segment, negative ones belong to the one below.
    got = STEPS.evaluate(ends.astype(np.float32))
    np.testing.assert_array_equal(got, np.where(ends < 0, ends - 1 / 32, ends))
    inside = (ends + 2.0**-10).astype(np.float32)
    np.testing.assert_array_equal(STEPS.evaluate(inside), ends)


def test_beyond_its_reach_a_table_holds() -> None:
    values = np.float32([8.0, 1e30, np.inf, -8.0, -1e30, -np.inf])
    assert STEPS.evaluate(values).tolist() == [8.0] * 3 + [-8.0] * 3


def test_zeros_and_the_smallest_numbers_are_in_the_middle() -> None:
    values = np.float32([0.0, 1e-45, -0.0, -1e-45])
    assert STEPS.evaluate(values).tolist() == [0.0, 0.0, -1 / 32, -1 / 32]


def test_quadratic_polynomials_are_exact() -> None:
    """A parabola differs by the rounding of its argument and of coefficients alone."""
    table = FunctionTable.fitted(lambda x: x * x / 64, 3, 25, (1.0, 1.0))
    values = np.linspace(-7.9, 7.9, 10_001).astype(np.float32)
    np.testing.assert_allclose(table.evaluate(values), values.astype(float) ** 2 / 64, atol=2e-7)


def test_any_bits_give_a_number_unless_they_are_none() -> None:
    random = np.random.default_rng(0)
    table = FunctionTable(random.bytes(BYTES), 15, 31)
    values = every_exponent()
    got = table.evaluate(values)
    assert np.isfinite(got[~np.isnan(values)]).all()
    assert set(got[np.isnan(values)].view(np.uint32)) == {CANONICAL_NAN}


def test_coefficients_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit 27 bits"):
        FunctionTable.fitted(lambda x: x, 3, 25, (-8.0, 8.0))
