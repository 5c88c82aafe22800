"""Reductions: the functions of torch, bounds, kernels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from modelgen.arithmetic.fp32 import CANONICAL_NAN
from modelgen.operators import Reduce
from modelgen.operators.base import Cut, Shape
from tests.support.operator_checks import check_operator, random_values

FUNCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "sum": lambda values: values.sum(1),
    "mean": lambda values: values.mean(1),
    "product": lambda values: values.prod(1),
    "maximum": lambda values: values.amax(1),
    "minimum": lambda values: values.amin(1),
}


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("shape", [(2, 7, 3), (3, 8, 1), (1, 1, 5)], ids=str)
def test_the_function_of_torch(kind: str, shape: Shape) -> None:
    check_operator(Reduce(kind), [random_values(*shape)], FUNCTIONS[kind])


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_a_result_that_is_nan_is_the_canonical_one(kind: str) -> None:
    values = np.array([[[1.0], [-np.nan], [2.0]]], np.float32)
    got = Reduce(kind).evaluate_exact([values], {}, Cut(8))
    assert got.view(np.uint32) == CANONICAL_NAN.view(np.uint32)


def test_the_bound_of_a_product_holds_where_factors_may_be_0() -> None:
    values, errors = np.array([[[0.5], [2.0], [0.0]]]), np.array([[[0.5], [1.0], [0.25]]])
    value, bound = Reduce("product").error_bound([(values, errors)], {})
    assert value == 0.0
    assert bound[0, 0] == pytest.approx(0.75, rel=1e-5)


def test_the_bound_of_a_mean_grows_with_the_length_of_its_chains() -> None:
    def bound(n: int) -> float:
        ones = np.ones((1, n, 1))
        return float(Reduce("mean").error_bound([(ones, 0.0 * ones)], {})[1][0, 0])

    assert bound(4) == pytest.approx(2 * 5 * 2.0**-24)
    assert bound(400) == pytest.approx(2 * 104 * 2.0**-24)


@pytest.mark.parametrize(
    ("kind", "factors"), [("product", (1e30, 1e30, 0.0)), ("sum", (3e38, 3e38, -3e38))]
)
def test_nothing_is_known_of_what_overflows_in_some_order(kind: str, factors: list[float]) -> None:
    """1e30 * 1e30 * 0 is NaN, but 1e30 * 0 * 1e30 is 0."""
    values = np.array(factors).reshape(1, 3, 1)
    assert Reduce(kind).error_bound([(values, 0.0 * values)], {})[1] == np.inf
    assert Reduce(kind).error_bound([(values / 1e30, 0.0 * values)], {})[1] < 1e30


def test_the_kernel_is_given_sizes_and_a_factor() -> None:
    kernel = Reduce("mean").kernel([(2, 7, 3)], {})
    assert kernel.header == "reduce.hpp"
    wanted = "heepstor::reduce<heepstor::Add>(a, out, {2, 7, 3}, 1.0f / 7)"
    assert kernel.call(["a"], "out") == wanted
    wanted = "heepstor::reduce<heepstor::Maximum>(a, out, {2, 7, 3}, 1.0f)"
    assert Reduce("maximum").kernel([(2, 7, 3)], {}).call(["a"], "out") == wanted


def test_description() -> None:
    assert Reduce("mean").describe() == "mean"
    assert Reduce("mean").shape_text([(2, 7, 3)], (2, 3)) == "2 x 7 x 3"


@pytest.mark.parametrize(
    ("kind", "shape", "measured"),
    [
        ("sum", (16, 64, 1), 5300),
        ("mean", (1, 49, 32), 8517),
        ("sum", (64, 4, 1), 3754),
        ("maximum", (1, 49, 32), 17477),
        ("maximum", (32, 17, 1), 7766),
    ],
)
def test_cycles_are_as_measured(kind: str, shape: Shape, measured: int) -> None:
    assert Reduce(kind).kernel([shape], {}).cycles == pytest.approx(measured, rel=0.07)
