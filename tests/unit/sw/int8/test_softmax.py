"""Softmax of 8-bit integers on the CPU."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.softmax import SoftmaxScale
from modelgen.operators import Fp32Softmax
from modelgen.operators.integer.softmax import IntegerSoftmax
from tests.support.int8_layers import integers
from tests.support.kernel_host import Case, check_kernels


def case(values: np.ndarray, scale: float) -> Case:
    return IntegerSoftmax(SoftmaxScale.of(scale)), [values]


def test_it_gives_the_bits_of_the_reference() -> None:
    random = np.random.default_rng(0)
    scales = 0.0078125, 0.0251, 0.11, 0.4, 5.0
    near = random.integers(90, 100, (5, 12)).astype(np.int8)
    check_kernels(
        [
            *(case(integers(random, 40, 10), scale) for scale in scales),
            *(case(near, scale) for scale in scales),
            case(integers(random, 2, 3, 1), 0.1),
            *(case(integers(random, 9, size), 0.11) for size in (2, 3, 16, 17, 40)),
        ]
    )


@pytest.mark.parametrize("columns", [300, 511, 700, 4095])
def test_long_rows_of_small_shares(columns: int) -> None:
    values = np.full((1, columns), 100, np.int8)
    values[0, :3] = 127, 99, -128
    check_kernels([case(values, 0.004), case(values, 0.2)])


@pytest.mark.parametrize("result", [Quantization(1 / 256, -128), Quantization(0.0071, 3)])
def test_the_one_in_fp32(result: Quantization) -> None:
    random = np.random.default_rng(0)
    check_kernels(
        [
            (
                Fp32Softmax(Quantization(float(np.float32(scale)), 5), result),
                [integers(random, *shape)],
            )
            for scale in (0.01, 0.11, 0.4)
            for shape in ((40, 10), (2, 3, 1), (3, 300))
        ]
    )
