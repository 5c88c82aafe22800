"""Normalization on the CPU: equality with the operator, bit for bit."""

from __future__ import annotations

import numpy as np

from modelgen.operators import Normalize
from tests.support.kernel_host import check_kernels
from tests.support.operator_checks import random_values

CASES = [
    (Normalize(1, 1e-5), (3, 1, 17)),
    (Normalize(1, 1e-5, centered=False), (3, 1, 6)),
    (Normalize(2, 1e-3), (2, 3, 8)),
    (Normalize(2, 1e-3), (2, 9, 6)),
    (Normalize(5, 1e-5), (2, 7, 5)),
    (Normalize(5, 0.0), (2, 1, 5)),
    (Normalize(1, 1e-5), (2, 6, 1)),
]


def test_it_gives_the_bits_of_the_operator() -> None:
    check_kernels(
        [
            (operator, [random_values(*shape), *(random_values(shape[2], seed=i) for i in factors)])
            for operator, shape in CASES
            for factors in ((), (1,), (1, 2))
        ]
    )


def test_special_values_are_those_of_the_operator() -> None:
    special = [0.0, -0.0, 1.0, np.inf, np.nan, 1e-45, 3e38]
    values = np.array([[[a, b, 1.0] for b in special] for a in special], np.float32)
    check_kernels([(Normalize(1, 1e-5), [values.reshape(-1, 1, 3)])])
