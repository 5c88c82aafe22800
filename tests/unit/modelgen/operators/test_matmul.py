"""Products of matrices: those of torch, order of additions, bounds, loops of kernels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.arithmetic.fp32 import CANONICAL_NAN
from modelgen.operators import MatMul
from modelgen.operators.base import Cut, Shape
from tests.support.operator_checks import check_operator, random_values


def product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return left @ right


def transposed_product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return torch.einsum("...mk,...nk->...mn", left, right)


SHAPES = {
    "one": ((4, 6), (6, 5)),
    "batch": ((2, 3, 4, 6), (2, 3, 6, 5)),
    "broadcast": ((2, 1, 4, 6), (3, 6, 5)),
    "column": ((3, 4, 6), (6, 1)),
}


@pytest.mark.parametrize(("left", "right"), SHAPES.values(), ids=SHAPES)
def test_the_function_of_torch(left: Shape, right: Shape) -> None:
    values, others = random_values(*left), random_values(*right, seed=1)
    check_operator(MatMul(), [values, others], product)
    turned = np.ascontiguousarray(others.swapaxes(-1, -2))
    check_operator(MatMul(transposed=True), [values, turned], transposed_product)


def exact(left: list[float], right: list[float]) -> np.ndarray:
    values = np.array([left], np.float32), np.array([right], np.float32).T
    return MatMul().evaluate_exact(values, {}, Cut(8))


def test_products_are_added_in_ascending_order() -> None:
    assert exact([2.0**24, 1.0, -(2.0**24)], [1.0, 1.0, 1.0]) == 0.0
    assert exact([2.0**24, -(2.0**24), 1.0], [1.0, 1.0, 1.0]) == 1.0


def test_products_are_not_rounded_before_they_are_added() -> None:
    exactly = 1 + 2.0**-12
    assert exact([exactly, 1.0], [exactly, -1.0]) == 2.0**-11
    assert exact([-1.0, exactly], [1.0, exactly]) == 2.0**-11 + 2.0**-24


def test_a_result_that_is_nan_is_the_canonical_one() -> None:
    assert exact([np.inf, 1.0], [0.0, 1.0]).view(np.uint32) == CANONICAL_NAN.view(np.uint32)


KERNELS: dict[str, tuple[Shape, Shape, str, tuple[str, ...]]] = {
    "one": ((1, 4, 6), (6, 5), "matmul<false>(a, b, out, {4, 6, 5})", ()),
    "batch": (
        (2, 3, 4, 6),
        (2, 3, 6, 5),
        "matmul<false>(a, b, out, {4, 6, 5}, loops)",
        ("{6, 24, 30, 20}",),
    ),
    "broadcast": (
        (2, 1, 4, 6),
        (3, 6, 5),
        "matmul<false>(a, b, out, {4, 6, 5}, loops)",
        ("{2, 24, 0, 60}", "{3, 0, 30, 20}"),
    ),
}


@pytest.mark.parametrize(("left", "right", "call", "loops"), KERNELS.values(), ids=KERNELS)
def test_the_kernel_is_given_sizes_and_the_loops_over_batches(
    left: Shape, right: Shape, call: str, loops: tuple[str, ...]
) -> None:
    kernel = MatMul().kernel([left, right], {})
    assert kernel.header == "matmul.hpp"
    assert kernel.call(["a", "b"], "out", "loops") == f"heepstor::{call}"
    assert (kernel.table.rows if kernel.table else ()) == loops


def test_description() -> None:
    assert MatMul().shape_text([(4, 6), (6, 5)], (4, 5)) == "4 x 6 x 5"
    shapes: list[Shape] = [(2, 1, 4, 6), (3, 5, 6)]
    output = MatMul(transposed=True).infer_shape(shapes, {})
    assert MatMul(transposed=True).shape_text(shapes, output) == "6 of 4 x 6 x 5"


@pytest.mark.parametrize(
    ("transposed", "left", "right", "measured"),
    [
        (False, (16, 16), (16, 16), 10061),
        (False, (33, 33), (33, 33), 85794),
        (False, (1, 64), (64, 64), 14902),
        (False, (64, 64), (64, 1), 21217),
        (True, (4, 17, 16), (4, 17, 16), 57230),
        (True, (1, 64), (64, 64), 19497),
        (True, (64, 64), (1, 64), 20311),
    ],
)
def test_cycles_are_as_measured(transposed: bool, left: Shape, right: Shape, measured: int) -> None:
    kernel = MatMul(transposed).kernel([left, right], {})
    assert kernel.cycles == pytest.approx(measured, rel=0.1)
