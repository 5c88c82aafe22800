"""Products of matrices on the CPU: equality with the operator, bit for bit."""

from __future__ import annotations

import numpy as np

from modelgen.operators import MatMul
from tests.support.kernel_host import check_kernels
from tests.support.operator_checks import random_values

SIZES = [(1, 1, 1), (4, 4, 4), (1, 7, 9), (9, 7, 1), (5, 3, 6), (8, 2, 7), (11, 5, 13)]


def test_blocks_and_what_is_left_over_are_those_of_the_operator() -> None:
    check_kernels(
        [
            (MatMul(transposed), [random_values(rows, depth), random_values(*right, seed=1)])
            for rows, depth, columns in SIZES
            for transposed, right in ((False, (depth, columns)), (True, (columns, depth)))
        ]
    )


def test_batches_are_broadcast() -> None:
    check_kernels(
        [
            (MatMul(), [random_values(2, 1, 5, 3), random_values(3, 3, 4)]),
            (MatMul(transposed=True), [random_values(5, 3), random_values(2, 3, 4, 3)]),
        ]
    )


def test_special_values_are_those_of_the_operator() -> None:
    special = np.array([[0.0, -0.0], [np.inf, 1.0], [np.nan, 1.0], [1e-30, 3e38]], np.float32)
    check_kernels([(MatMul(transposed=True), [special, special])])
