"""Slices: the elements that Python's slices choose."""

from __future__ import annotations

import torch

from modelgen.operators import Slice
from tests.support.operator_checks import check_operator, random_values


def test_the_elements_of_a_slice() -> None:
    operator = Slice((0, 1, 2), (2, 2, 3), (1, 1, 3))
    check_operator(operator, [random_values(2, 4, 9)], lambda x: x[:, 1:3, 2:9:3])


def test_a_negative_step_reverses() -> None:
    operator = Slice((0, 3), (2, 4), (1, -1))
    check_operator(operator, [random_values(2, 4)], lambda x: x.flip(1))


def test_a_slice_is_one_part_and_one_number_is_a_slice() -> None:
    operator = Slice((1, 0, 4), (1, 3, 3), (1, 1, -2))
    assert len(operator.parts([(2, 3, 5)])) == 1
    check_operator(operator, [random_values(2, 3, 5)], lambda x: x[1:, :, [4, 2, 0]])


def test_it_keeps_values_and_takes_time() -> None:
    assert Slice.keeps_values and Slice.takes_time
    assert Slice((0,), (2,), (1,)).shape_text([(4, 3)], (2, 3)) == "4 x 3 -> 2 x 3"
    assert torch.zeros(3)[Slice((0,), (2,), (1,)).indices((3,))[0]].shape == (2,)
