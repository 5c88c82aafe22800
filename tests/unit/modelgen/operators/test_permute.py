"""Permutations: the function of torch in every way in which it is computed."""

from __future__ import annotations

import itertools

import pytest
import torch

from modelgen.operators import Permute
from tests.support.operator_checks import check_operator, random_values

ORDERS = [(0, *rest) for rank in (2, 3, 4) for rest in itertools.permutations(range(1, rank))]


@pytest.mark.parametrize("axes", ORDERS, ids=str)
def test_the_function_of_torch(axes: tuple[int, ...]) -> None:
    def reference(x: torch.Tensor) -> torch.Tensor:
        return x.permute(axes)

    values = random_values(*range(2, 2 + len(axes)))
    check_operator(Permute(axes), [values], reference)


def test_values_stay_the_same_and_move() -> None:
    assert Permute.keeps_values and Permute.takes_time


def test_description() -> None:
    operator = Permute((0, 2, 3, 1))
    assert operator.shape_text([(1, 3, 4, 5)], (1, 4, 5, 3)) == "3 x 4 x 5 -> 4 x 5 x 3"
    assert operator.shape_text([(2, 3, 4, 5)], (2, 4, 5, 3)) == "2 x 3 x 4 x 5 -> 2 x 4 x 5 x 3"
