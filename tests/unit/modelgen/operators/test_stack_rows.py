"""Maps one above the other: the function of torch, in every way it is computed, and places."""

from __future__ import annotations

import pytest
import torch

from modelgen.operators import StackRows
from tests.support.operator_checks import check_operator, random_values


@pytest.mark.parametrize("heights", [(3,), (2, 5), (1, 4, 2)], ids=str)
def test_the_function_of_torch(heights: tuple[int, ...]) -> None:
    inputs = [random_values(1, rows, 3, 2, seed=rows) for rows in heights]
    check_operator(StackRows(), inputs, lambda *values: torch.cat(values, 1))


def test_inputs_lie_in_the_output_one_after_another() -> None:
    shapes = [(1, 2, 3, 4), (1, 1, 3, 4), (1, 5, 3, 4)]
    assert StackRows().places_of_inputs(shapes) == [0, 24, 36]
    assert not StackRows.takes_time
    assert StackRows().kernel(shapes, {}) is None
