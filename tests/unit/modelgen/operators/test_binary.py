"""Arithmetic on two tensors: the functions of torch, special values, bounds, loops of kernels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from modelgen.arithmetic.fp32 import CANONICAL_NAN
from modelgen.operators import Binary
from modelgen.operators.base import Cut, Shape
from tests.support.operator_checks import check_operator, random_values


def prelu(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return torch.where(left > 0, left, left * right)


FUNCTIONS: dict[str, Callable[..., torch.Tensor]] = {
    "add": torch.add,
    "subtract": torch.subtract,
    "multiply": torch.multiply,
    "divide": torch.divide,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "prelu": prelu,
    "less": lambda left, right: (left < right).double(),
    "less_equal": lambda left, right: (left <= right).double(),
    "equal": lambda left, right: (left == right).double(),
}


def far_from_0(values: np.ndarray) -> np.ndarray:
    return np.sign(values) * (1 + np.abs(values))


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize(
    ("left", "right"),
    [((2, 3, 4), (2, 3, 4)), ((2, 3, 4), (4,)), ((2, 1, 4), (3, 1)), ((2, 3), (1,))],
    ids=["equal", "rows", "both", "scalar"],
)
def test_the_function_of_torch(kind: str, left: Shape, right: Shape) -> None:
    inputs = [random_values(*left), far_from_0(random_values(*right, seed=1))]
    inputs[1].flat[0] = inputs[0].flat[0] = 1.5
    check_operator(Binary(kind), inputs, FUNCTIONS[kind])


def exact(kind: str, left: float, right: float) -> np.ndarray:
    values = [np.array([value], np.float32) for value in (left, right)]
    return Binary(kind).evaluate_exact(values, {}, Cut(8))


@pytest.mark.parametrize(
    ("kind", "left", "right"),
    [
        ("add", np.inf, -np.inf),
        ("subtract", np.inf, np.inf),
        ("multiply", np.inf, 0.0),
        ("divide", 0.0, 0.0),
        ("prelu", -np.inf, 0.0),
        ("add", -np.nan, 1.0),
    ],
)
def test_arithmetic_gives_the_canonical_nan(kind: str, left: float, right: float) -> None:
    assert exact(kind, left, right).view(np.uint32)[0] == CANONICAL_NAN.view(np.uint32)


@pytest.mark.parametrize("kind", ["maximum", "minimum"])
def test_a_nan_is_the_largest_and_the_smallest(kind: str) -> None:
    odd = np.array([0xFFC12345], np.uint32).view(np.float32)
    one = np.ones(1, np.float32)
    for operands in ([odd, one], [one, odd]):
        got = Binary(kind).evaluate_exact(operands, {}, Cut(8))
        assert got.view(np.uint32)[0] == 0xFFC12345
        assert Binary(kind).evaluate_float([*map(torch.from_numpy, operands)], {}).isnan()


def test_of_equal_operands_the_left_one() -> None:
    for kind in ("maximum", "minimum"):
        assert np.signbit(exact(kind, -0.0, 0.0))
        assert not np.signbit(exact(kind, 0.0, -0.0))


def bounded(kind: str, left: tuple[float, float], right: tuple[float, float]) -> float:
    operands = [(np.array([value]), np.array([error])) for value, error in (left, right)]
    _, bound = Binary(kind).error_bound(operands, {})
    return float(bound[0])


def test_nothing_is_known_of_a_quotient_whose_divisor_may_be_0() -> None:
    assert bounded("divide", (1.0, 0.0), (0.5, 0.5)) == np.inf
    assert bounded("divide", (1.0, 0.0), (0.5, 0.25)) == pytest.approx(2.0, rel=1e-6)


def test_a_mask_of_minus_infinity_is_exact() -> None:
    assert bounded("add", (1.0, 0.5), (-np.inf, 0.0)) == 0.0
    assert bounded("add", (1.0, 0.5), (0.0, 0.0)) == pytest.approx(0.5, rel=1e-6)


def test_a_slope_counts_where_the_value_may_be_negative() -> None:
    assert bounded("prelu", (1.0, 0.5), (4.0, 0.0)) == 0.5
    assert bounded("prelu", (0.25, 0.5), (4.0, 0.0)) == pytest.approx(2.0, rel=1e-6)
    assert bounded("prelu", (-0.25, 0.5), (0.1, 0.0)) == 0.5
    assert bounded("prelu", (-1.0, 0.5), (0.1, 0.0)) == pytest.approx(0.05, rel=1e-6)


def test_a_comparison_is_uncertain_where_operands_may_be_equal() -> None:
    assert bounded("less", (1.0, 0.25), (1.5, 0.25)) == 1.0
    assert bounded("less", (1.0, 0.25), (1.5, 0.125)) == 0.0
    assert bounded("equal", (1.0, 0.0), (1.0, 0.0)) == 0.0


def test_comparisons_of_equal_operands_and_of_nan() -> None:
    assert [exact(kind, 2.0, 2.0) for kind in ("less", "less_equal", "equal")] == [0.0, 1.0, 1.0]
    assert [exact(kind, np.nan, 2.0) for kind in ("less", "less_equal", "equal")] == [0.0] * 3


KERNELS: dict[str, tuple[Shape, Shape, str, tuple[str, ...]]] = {
    "equal": ((2, 30), (2, 30), "1, 1, 1>(a, b, out, 60)", ()),
    "rows": ((2, 30), (30,), "1, 1, 1>(a, b, out, 30, loops)", ("{2, 30, 0, 30}",)),
    "columns": ((2, 30), (2, 1), "1, 0, 1>(a, b, out, 30, loops)", ("{2, 30, 1, 30}",)),
    "scalar": ((2, 30), (1,), "1, 0, 1>(a, b, out, 60)", ()),
    "short-rows": ((20, 3), (3,), "3, 0, 3>(a, b, out, 20, loops)", ("{3, 1, 1, 1}",)),
    "three": (
        (2, 5, 9),
        (2, 1, 9),
        "1, 1, 1>(a, b, out, 9, loops)",
        ("{2, 45, 9, 45}", "{5, 9, 0, 9}"),
    ),
}


@pytest.mark.parametrize(("left", "right", "call", "loops"), KERNELS.values(), ids=KERNELS)
def test_the_kernel_is_given_a_long_run_and_the_loops_around_it(
    left: Shape, right: Shape, call: str, loops: tuple[str, ...]
) -> None:
    kernel = Binary("add").kernel([left, right], {})
    assert kernel.header == "binary.hpp"
    assert kernel.call(["a", "b"], "out", "loops") == f"heepstor::binary<heepstor::Add, {call}"
    assert (kernel.table.rows if kernel.table else ()) == loops


def test_description() -> None:
    assert Binary("multiply").describe() == "multiply"
    assert Binary("multiply").shape_text([(2, 3), ()], (2, 3)) == "2 x 3, 1"


@pytest.mark.parametrize(
    ("kind", "left", "right", "measured"),
    [
        ("add", (16, 64), (16, 64), 5894),
        ("add", (16, 64), (1,), 4489),
        ("multiply", (64, 16), (16,), 3485),
        ("add", (2, 8, 64), (2, 1, 64), 6261),
        ("maximum", (10, 100), (100,), 11428),
        ("divide", (300, 3), (3,), 19099),
        ("prelu", (64, 16), (16,), 7960),
        ("less", (16, 64), (16, 64), 6918),
    ],
)
def test_cycles_are_as_measured(kind: str, left: Shape, right: Shape, measured: int) -> None:
    assert Binary(kind).kernel([left, right], {}).cycles == pytest.approx(measured, rel=0.07)
