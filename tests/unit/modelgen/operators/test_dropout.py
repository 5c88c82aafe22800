"""Dropout does what torch.nn does in evaluation: nothing."""

from __future__ import annotations

from torch import nn

from modelgen.operators import Dropout
from tests.support.operator_checks import check_operator, random_values


def test_the_module_in_evaluation() -> None:
    check_operator(Dropout(), [random_values(2, 3, 4)], nn.Dropout(0.9).eval())


def test_it_is_a_view() -> None:
    assert Dropout.keeps_values and not Dropout.takes_time
    assert Dropout().kernel([(2, 3)], {}) is None
