"""Means of 8-bit integers on the CPU."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.means import mean_multiplier
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.operators import Fp32Mean
from modelgen.operators.integer.mean import IntegerMean
from tests.support.int8_layers import integers
from tests.support.kernel_host import Case, check_kernels


def case(random: np.random.Generator, shape: tuple[int, ...], axes: tuple[int, ...]) -> Case:
    count = int(np.prod([shape[axis] for axis in axes]))
    multiplier = mean_multiplier(random.uniform(0.5, 4.0), count)
    return IntegerMean(axes, -30, multiplier, 12), [integers(random, *shape)]


def test_they_give_the_bits_of_the_reference() -> None:
    random = np.random.default_rng(0)
    check_kernels(
        [
            case(random, (2, 3, 5, 7), (1, 2)),
            case(random, (2, 3, 4, 5), (1, 3)),
            case(random, (2, 3, 4, 5), (0, 2)),
            case(random, (3, 9), (1,)),
            case(random, (2, 5), (0, 1)),
            case(random, (2, 1, 3), (1,)),
        ]
    )


def test_those_in_fp32_too() -> None:
    random = np.random.default_rng(0)
    given, result = Quantization(0.05, -30), Quantization(0.03125, 12)
    shapes = ((2, 3, 5, 7), (1, 2)), ((2, 4, 4, 5), (1, 2)), ((3, 9), (1,)), ((2, 5), (0, 1))
    check_kernels(
        [(Fp32Mean(axes, given, result), [integers(random, *shape)]) for shape, axes in shapes]
    )
