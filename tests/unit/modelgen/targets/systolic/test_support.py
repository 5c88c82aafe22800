"""Which operators the engine computes, and what it lacks for the others."""

from __future__ import annotations

import pytest

from modelgen import operators
from modelgen.operators import Binary, Elementwise, Linear, MatMul, Operator, Permute, Softmax
from modelgen.targets.systolic.support import computed, lacking

EVERY = [
    kind
    for kind in vars(operators).values()
    if isinstance(kind, type) and issubclass(kind, Operator) and kind is not Operator
]


def test_what_is_computed_says_how() -> None:
    assert computed(Linear()) == "matrix product"
    assert "copies" in (computed(Permute((0, 2, 1))) or "")
    assert computed(Softmax()) is None


def test_what_is_lacking_is_said() -> None:
    assert "exponentials" in lacking(Softmax())
    assert "INT8 constants" in lacking(MatMul())
    assert "no table of exp" in lacking(Elementwise("exp"))
    assert "fewer cycles" in lacking(Elementwise("sigmoid"))
    assert "of one shape, or each channel" in lacking(Binary("multiply"))
    assert lacking(Binary("less_equal")).endswith("'less equal' of two tensors")


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_an_operator_of_which_something_lacks_is_not_computed(kind: type[Operator]) -> None:
    made = object.__new__(kind)
    if computed(made):
        assert lacking(made) == f"the engine does not support {kind.name}"
