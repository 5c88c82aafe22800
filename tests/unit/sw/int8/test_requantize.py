"""Rules of rounding on the CPU, for sums of all sizes."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding
from modelgen.operators.integer.linear import IntegerLinear
from tests.support.kernel_host import Case, check_kernels


def case(rule: Rounding, factor: float, biases: np.ndarray) -> Case:
    """Return a product of nothing: its sums are the biases."""
    constants = {
        "weight": np.zeros((len(biases), 1), np.int8),
        "bias": biases.astype(np.int32),
        **rule.constants(np.full(len(biases), factor)),
    }
    operator = IntegerLinear(0, Requantization(rule, 3, Clamp(-120, 100)))
    return operator, [np.zeros((1, 1), np.int8)], constants


def sums(factor: float) -> np.ndarray:
    """Return sums around all ties of a factor, and the largest that do not overflow it."""
    ties = np.round((np.arange(-140, 140) + 0.5) / factor)
    near = (ties[:, None] + np.arange(-2, 3)).reshape(-1)
    largest = np.array([0, 1, -1, 2**31 - 1, -(2**31) + 1, 2**30]) / max(2.0 * factor, 1.0)
    return np.concatenate([near, largest]).clip(-(2**31) + 1, 2**31 - 1).astype(np.int64)


@pytest.mark.parametrize("rule", Rounding)
def test_they_give_the_bits_of_the_reference(rule: Rounding) -> None:
    factors = 2.0**-10, 0.0031, 0.49, 0.5, 0.77, 1.0, 1.6, 2.0**-20, 1.3e-6
    check_kernels([case(rule, factor, sums(factor)) for factor in factors])
