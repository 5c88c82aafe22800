"""Expansion as torch broadcasts."""

from __future__ import annotations

from modelgen.operators import Expand
from tests.support.operator_checks import check_operator, random_values


def test_it_repeats_single_elements() -> None:
    operator = Expand((2, 3, 4, 5))
    check_operator(operator, [random_values(2, 1, 4, 1)], lambda x: x.expand(2, 3, 4, 5))


def test_it_is_one_part() -> None:
    (part,) = Expand((3, 4)).parts([(3, 1)])
    assert part.merged().source_strides == (1, 0)
