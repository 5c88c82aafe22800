"""Depthwise convolutions of 8-bit integers on the CPU."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.requantization import Rounding
from modelgen.operators.integer.conv2d import IntegerConv2d
from modelgen.operators.window import Window
from tests.support.int8_layers import integers, product_constants, requantization
from tests.support.kernel_host import Case, check_kernels

SHAPES = (
    (Window((3, 3), padding=(1, 1, 1, 1)), (2, 4, 5, 8), 1),
    (Window((3, 3), (2, 2), (0, 1, 0, 1)), (1, 6, 6, 7), 1),
    (Window((2, 5), (1, 1), (1, 0, 2, 2), (2, 1)), (1, 5, 4, 3), 3),
    (Window((1, 1)), (1, 2, 2, 2), 2),
)
"""Window, shape of the maps, outputs for each channel."""


def case(random: np.random.Generator, rule: Rounding, place: int) -> Case:
    window, shape, multiple = SHAPES[place]
    channels = shape[3]
    constants = product_constants(random, channels * multiple, *window.kernel, 1, rule=rule)
    operator = IntegerConv2d(window, 11, requantization(rule), channels)
    return operator, [integers(random, *shape)], constants


def test_they_give_the_bits_of_the_reference() -> None:
    random = np.random.default_rng(0)
    cases = [case(random, Rounding.DOUBLE, place) for place in range(len(SHAPES))]
    check_kernels([*cases, case(random, Rounding.HALF_EVEN, 1)])
