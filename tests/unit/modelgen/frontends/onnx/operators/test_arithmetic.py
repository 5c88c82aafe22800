"""Arithmetic with broadcasting, against ONNX Runtime."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.onnx_models import compare, imported, one, random

X = random(2, 3, 4)


@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Div", "Max", "Min"])
@pytest.mark.parametrize("shape", [(2, 3, 4), (3, 1), (1,), ()])
def test_a_constant(operator: str, shape: tuple[int, ...]) -> None:
    other = np.abs(random(*shape, seed=2)) + np.float32(0.5)
    compare(one(operator, {"x": X}, {"other": np.asarray(other)}), {"x": X}, exact=True)


@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Div", "Max", "Min"])
@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 1, 4), (2, 1, 1)])
def test_two_operands(operator: str, shape: tuple[int, ...]) -> None:
    given = {"x": X, "other": np.abs(random(*shape, seed=2)) + np.float32(0.5)}
    compare(one(operator, given), given, exact=True)


@pytest.mark.parametrize("operator", ["Sub", "Div", "Max", "Min"])
def test_the_constant_may_come_first(operator: str) -> None:
    fixed = {"other": np.array([0.5], np.float32)}
    compare(one(operator, {"x": X}, fixed, order=["other", "x"]), {"x": X}, exact=True)


@pytest.mark.parametrize("operator", ["Sum", "Mean", "Max", "Min"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_any_number_of_operands(operator: str, count: int) -> None:
    given = {name: random(2, 3, 4, seed=at) for at, name in enumerate("abc"[:count])}
    compare(one(operator, given, {"k": random(3, 1)}), given)


@pytest.mark.parametrize("exponent", [2.0, 3.0, 0.5, -0.5, -1.0, 8.0])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1, 1)])
def test_powers(exponent: float, shape: tuple[int, ...]) -> None:
    fixed = {"exponent": np.full(shape, exponent, np.float32)}
    given = {"x": np.abs(X) + np.float32(0.1)}
    compare(one("Pow", given, fixed), given)


def test_powers_of_several_exponents() -> None:
    given = {"x": np.abs(X)}
    compare(one("Pow", given, {"exponent": np.array([1, 2, 3, 0.5], np.float32)}), given)


def test_a_maximum_with_zero_is_a_rectifier_of_the_store_path() -> None:
    proto = one("Max", {"x": X}, {"zero": np.array(0, np.float32)})
    (node,) = imported(proto, {"x": X}).nodes
    assert node.operator.epilogue.low == 0.0
