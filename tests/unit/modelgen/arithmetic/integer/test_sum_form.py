"""Sums as two products and a shift: compared for all pairs of operands."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.sum_form import sum_form
from modelgen.arithmetic.integer.sums import SumScales, scaled_sum


@pytest.mark.parametrize(
    "given", [(0.02, 0.0303, 0.0411), (0.25, 0.125, 0.25), (0.11, 0.002, 0.05), (0.5, 0.5, 1.0)]
)
@pytest.mark.parametrize("zero_points", [(0, 0), (-128, 17)])
@pytest.mark.parametrize("low", [-128, 0])
def test_forms_of_sums(
    given: tuple[float, float, float], zero_points: tuple[int, int], low: int
) -> None:
    scales = SumScales.of(*given)
    form = sum_form(scales, zero_points, low, 127)
    assert form is not None
    every = np.arange(-128, 128)
    first, second = every[:, None] - zero_points[0], every[None] - zero_points[1]
    expected = scaled_sum(first, second, scales).clip(low, 127)
    np.testing.assert_array_equal(form.of(first, second).clip(low, 127), expected)


def test_fields_of_a_form() -> None:
    form = sum_form(SumScales.of(0.5, 0.25, 0.5), (0, 0), -128, 127)
    assert form is not None
    assert (form.first, form.second, form.shift) == (2**22, 2**21, 22)


def test_ties_that_depend_on_remainders_have_no_form() -> None:
    # A third is rounded up or down, which decides the ties of sums that are in quarters.
    assert sum_form(SumScales.of(0.02, 0.03, 0.04), (0, 0), -128, 127) is None


def test_sums_of_large_factors_have_no_form() -> None:
    assert sum_form(SumScales.of(0.25, 0.0303, 0.25 / 2000), (0, 0), -128, 127) is None
