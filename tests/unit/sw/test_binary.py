"""Kernels of arithmetic on two tensors: equality with the operator, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.operators import Binary
from modelgen.operators.base import Shape
from tests.support.kernel_host import check_kernels
from tests.support.operator_checks import random_values

KINDS = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "maximum",
    "minimum",
    "prelu",
    "less",
    "less_equal",
    "equal",
]
SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, -np.nan, 1e-45, 3e38, 1e-30], np.float32
)
SHAPES: list[tuple[Shape, Shape]] = [
    ((1,), (1,)),
    ((2, 3, 5), (2, 3, 5)),
    ((7, 9), (9,)),
    ((7, 9), (7, 1)),
    ((1, 9), (7, 1)),
    ((4, 3), (3,)),
    ((17, 3), (17, 1)),
    ((7, 9), ()),
    ((2, 5, 3, 9), (5, 1, 9)),
    ((2, 1, 3, 1), (5, 1, 4)),
]


@pytest.mark.parametrize("kind", KINDS)
def test_special_values_are_those_of_the_operator(kind: str) -> None:
    check_kernels([(Binary(kind), [SPECIAL[:, None], SPECIAL])])


def test_every_broadcast_is_that_of_the_operator() -> None:
    pairs = [*SHAPES, *((right, left) for left, right in SHAPES)]
    check_kernels(
        [
            (
                Binary(KINDS[index % len(KINDS)]),
                [random_values(*left), random_values(*right, seed=1)],
            )
            for index, (left, right) in enumerate(pairs)
        ]
    )
