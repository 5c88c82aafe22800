"""Kernels of functions of one value: equality with the reference, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.operators import Elementwise
from modelgen.operators.functions import FUNCTIONS
from tests.support.function_checks import every_exponent, samples
from tests.support.kernel_host import check_kernels

PARAMETERS = {
    "elu": [(1.0, 1.0, 1.0), (1.6732632423543772, 1.0507009873554805, 1.0), (-0.5, 1.0, 2.0)],
    "power": [(float(exponent),) for exponent in (-8, -5, -3, -2, -1, 1, 2, 3, 4, 7)],
    "softplus": [(1.0, 20.0), (3.0, 1.0), (0.25, 0.0)],
}
OPERATORS = [
    Elementwise(name, values) for name in FUNCTIONS for values in PARAMETERS.get(name, [()])
]


def spread_out() -> np.ndarray:
    """Return values of every kind: blocks of four with and without special ones."""
    random = np.random.default_rng(2)
    every = every_exponent()
    parts = [samples(-20, 20, 6000), samples(-110, 110, 6000), every, random.permutation(every)]
    positive = np.abs(samples(-1000, 1000, 6000))
    return np.concatenate([*parts, positive])


def test_every_function_gives_the_bits_of_the_reference() -> None:
    values = spread_out()
    check_kernels([(operator, [values]) for operator in OPERATORS])


@pytest.mark.parametrize("size", range(1, 10))
def test_any_number_of_values(size: int) -> None:
    """Four at a time, and the rest one by one."""
    values = np.linspace(-2, 3, size).astype(np.float32)
    special = values.copy()
    special[-1] = np.nan
    check_kernels([(Elementwise("tanh"), [values]), (Elementwise("silu"), [special])])
