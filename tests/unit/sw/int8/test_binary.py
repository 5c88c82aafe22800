"""Sums and products of 8-bit integers on the CPU."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.sums import SumScales
from modelgen.operators import Fp32Add, Fp32Multiply
from modelgen.operators.integer.add import IntegerAdd
from modelgen.operators.integer.multiply import IntegerMultiply
from tests.support.int8_layers import CLAMP, integers
from tests.support.kernel_host import check_kernels

SHAPES = (
    ((1, 37), (1, 37)),
    ((2, 3, 4, 5), (5,)),
    ((2, 3, 4, 5), (2, 1, 4, 1)),
    ((1, 9), (1, 1)),
    ((1, 1, 3), (4, 2, 1)),
)
EVERY = np.arange(-128, 128, dtype=np.int8)


def test_sums_give_the_bits_of_the_reference() -> None:
    random = np.random.default_rng(0)
    inputs = [[integers(random, *shape) for shape in pair] for pair in SHAPES]
    inputs.append([EVERY[:, None], EVERY[None]])
    scales = SumScales.of(0.013, 0.0471, 0.0502), SumScales.of(0.5, 0.125, 0.25)
    check_kernels(
        [(IntegerAdd((-7, 90), each, 4, CLAMP), pair) for each in scales for pair in inputs]
    )


def test_products_give_the_bits_of_the_reference() -> None:
    random = np.random.default_rng(1)
    inputs = [[integers(random, *shape) for shape in pair] for pair in SHAPES]
    inputs.append([EVERY[:, None], EVERY[None]])
    factors = Multiplier.of(0.0113), Multiplier.of(2.0**-7), Multiplier.of(1.75)
    check_kernels(
        [(IntegerMultiply((-7, 90), each, 4, CLAMP), pair) for each in factors for pair in inputs]
    )


SCALES = (0.067, -109, 0.034, -124, 0.134, -84), (0.013, 7, 0.0471, -90, 0.0502, 4)


@pytest.mark.parametrize("kind", [Fp32Add, Fp32Multiply])
@pytest.mark.parametrize("offset", [0, 128])
def test_rules_in_fp32_give_the_bits_of_the_reference(
    kind: type[Fp32Add] | type[Fp32Multiply], offset: int
) -> None:
    random = np.random.default_rng(2)
    inputs = [[integers(random, *shape) for shape in pair] for pair in SHAPES]
    inputs.append([EVERY[:, None], EVERY[None]])
    records = []
    for s in SCALES:
        first, second, result = (Quantization(float(np.float32(s[i])), s[i + 1]) for i in (0, 2, 4))
        records.append(kind(first, second, result, offset, CLAMP))
    check_kernels([(record, pair) for record in records for pair in inputs])
