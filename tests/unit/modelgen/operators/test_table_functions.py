"""Functions by tables against FP64: within the bound that is stated, and not far from it."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.operators.table_functions import TABLE_FUNCTIONS, function_table
from tests.support.function_checks import every_exponent, samples


@pytest.mark.parametrize("name", TABLE_FUNCTIONS)
def test_the_error_is_within_its_bound(name: str) -> None:
    record = TABLE_FUNCTIONS[name]
    reach = 2.0**record.reach
    values = samples(-1.5 * reach, 1.5 * reach, 400_000)
    wanted = record.gate(values.astype(np.float64))
    error = np.abs(function_table(name).evaluate(values) - wanted).max()
    assert error <= record.error
    assert error > record.error / 2, "the stated bound is twice what is needed"


@pytest.mark.parametrize("name", TABLE_FUNCTIONS)
def test_large_values_give_exactly_the_ends(name: str) -> None:
    record = TABLE_FUNCTIONS[name]
    values = every_exponent()
    values = values[np.isfinite(values) & (np.abs(values) >= 2.0**record.reach)]
    values = np.append(values, np.float32([-np.inf, np.inf]))
    got = function_table(name).evaluate(values)
    assert (got == np.where(values < 0, *record.ends)).all()


def test_equal_gates_are_one_table() -> None:
    assert function_table("silu") == function_table("sigmoid")
