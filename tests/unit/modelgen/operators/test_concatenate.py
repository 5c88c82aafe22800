"""Concatenation: the function of torch, in every way in which it is computed, and its places."""

from __future__ import annotations

import pytest
import torch

from modelgen.operators import Concatenate
from tests.support.operator_checks import check_operator, random_values


@pytest.mark.parametrize("channels", [(3,), (2, 5), (1, 4, 2)], ids=str)
@pytest.mark.parametrize("rows", [(1,), (2, 3), (2, 4, 5)], ids=str)
def test_the_function_of_torch(rows: tuple[int, ...], channels: tuple[int, ...]) -> None:
    inputs = [random_values(*rows, words, seed=words) for words in channels]
    check_operator(Concatenate(), inputs, lambda *values: torch.cat(values, -1))


def test_inputs_lie_in_the_output_one_after_another() -> None:
    shapes = [(2, 3, 4), (2, 3, 1), (2, 3, 5)]
    assert Concatenate().places_of_inputs(shapes) == [0, 4, 5]
    assert not Concatenate.takes_time
    assert Concatenate().kernel(shapes, {}) is None
