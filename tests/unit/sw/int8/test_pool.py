"""Poolings of 8-bit integers on the CPU."""

from __future__ import annotations

import numpy as np

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
