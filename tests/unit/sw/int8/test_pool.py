"""Poolings of 8-bit integers on the CPU."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.operators import Fp32AvgPool2d
from modelgen.operators.integer.avg_pool2d import IntegerAvgPool2d
from modelgen.operators.integer.max_pool2d import IntegerMaxPool2d
from modelgen.operators.window import Window
from tests.support.int8_layers import CLAMP, integers
from tests.support.kernel_host import check_kernels

WINDOWS = (
    (Window((2, 2), (2, 2)), (1, 6, 4, 8)),
    (Window((3, 3), (2, 1), (1, 1, 1, 1)), (2, 5, 4, 5)),
    (Window((2, 3), (1, 1), (0, 1, 2, 0)), (1, 3, 3, 1)),
    (Window((4, 5)), (2, 4, 5, 3)),
)


def test_they_give_the_bits_of_the_reference() -> None:
    random = np.random.default_rng(0)
    check_kernels(
        [
            (kind(window, CLAMP), [integers(random, *shape)])
            for kind in (IntegerMaxPool2d, IntegerAvgPool2d)
            for window, shape in WINDOWS
        ]
    )


@pytest.mark.parametrize("counts_padding", [False, True])
@pytest.mark.parametrize("offset", [0, 128])
def test_averages_in_fp32(counts_padding: bool, offset: int) -> None:
    random = np.random.default_rng(0)
    given, result = Quantization(float(np.float32(0.05)), -30), Quantization(0.03125, 12)
    windows = (
        Window((3, 3), (2, 2), (1, 1, 1, 1)),
        Window((2, 3), (2, 1), (1, 0, 2, 1)),
        Window((4, 4)),
    )
    check_kernels(
        [
            (
                Fp32AvgPool2d(window, counts_padding, given, result, offset),
                [integers(random, 2, 7, 8, 5)],
            )
            for window in windows
        ]
    )
