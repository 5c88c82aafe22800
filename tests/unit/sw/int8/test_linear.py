"""Products of 8-bit integers with weights on the CPU."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.requantization import Rounding
from modelgen.operators.integer.linear import IntegerLinear
from tests.support.int8_layers import integers, product_constants, requantization
from tests.support.kernel_host import Case, check_kernels


def case(
    random: np.random.Generator, rule: Rounding, rows: int, depth: int, columns: int, zero: int
) -> Case:
    constants = product_constants(random, columns, depth, rule=rule)
    operator = IntegerLinear(17, requantization(rule), zero)
    return operator, [integers(random, rows, depth)], constants


def test_they_give_the_bits_of_the_reference() -> None:
    random = np.random.default_rng(0)
    check_kernels(
        [
            case(random, Rounding.HALF_AWAY, 1, 64, 12, 0),
            case(random, Rounding.HALF_AWAY, 3, 7, 5, -4),
            case(random, Rounding.DOUBLE, 2, 33, 4, 0),
            case(random, Rounding.SINGLE, 1, 1, 1, 3),
            case(random, Rounding.HALF_EVEN, 2, 10, 9, 0),
        ]
    )
