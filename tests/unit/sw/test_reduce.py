"""Reductions on the CPU: equality with the operator, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.operators import Reduce
from tests.support.kernel_host import check_kernels
from tests.support.operator_checks import random_values

KINDS = ["sum", "mean", "product", "maximum", "minimum"]
SHAPES = [(1, 1, 1), (2, 3, 1), (3, 4, 2), (2, 13, 5), (5, 8, 1)]


@pytest.mark.parametrize("kind", KINDS)
def test_it_gives_the_bits_of_the_operator(kind: str) -> None:
    check_kernels([(Reduce(kind), [random_values(*shape)]) for shape in SHAPES])


def test_special_values_are_those_of_the_operator() -> None:
    special = [0.0, -0.0, 1.0, np.inf, -np.inf, np.nan, 1e-45, 3e38]
    pairs = np.array([[[a, b] for b in special] for a in special], np.float32)
    values = pairs.reshape(-1, 2, 1)
    check_kernels([(Reduce(kind), [values]) for kind in KINDS])
