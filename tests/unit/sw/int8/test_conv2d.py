"""Convolutions of 8-bit integers on the CPU."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.requantization import Rounding
from modelgen.operators.integer.conv2d import IntegerConv2d
from modelgen.operators.window import Window
from tests.support.int8_layers import integers, product_constants, requantization
from tests.support.kernel_host import Case, check_kernels

SHAPES = (
    (Window((3, 3), padding=(1, 1, 1, 1)), (1, 5, 6, 3), 8, 1),
    (Window((1, 1)), (2, 3, 4, 9), 5, 1),
    (Window((3, 2), (2, 1), (1, 1, 0, 1), (1, 2)), (1, 6, 5, 4), 7, 1),
    (Window((2, 3), (1, 3), (0, 2, 3, 0), (2, 1)), (2, 4, 7, 6), 6, 2),
    (Window((3, 3), padding=(4, 4, 5, 5)), (1, 1, 2, 1), 2, 1),
    (Window((1, 5)), (1, 1, 9, 1), 1, 1),
)
"""Window, shape of the maps, outputs, groups."""


def case(random: np.random.Generator, rule: Rounding, place: int) -> Case:
    window, shape, outputs, groups = SHAPES[place]
    sizes = outputs, *window.kernel, shape[3] // groups
    constants = product_constants(random, *sizes, rule=rule)
    operator = IntegerConv2d(window, -9, requantization(rule), groups)
    return operator, [integers(random, *shape)], constants


def test_they_give_the_bits_of_the_reference() -> None:
    random = np.random.default_rng(0)
    check_kernels([case(random, Rounding.DOUBLE, place) for place in range(len(SHAPES))])


def test_they_do_with_every_rule_of_rounding() -> None:
    random = np.random.default_rng(1)
    others = Rounding.SINGLE, Rounding.HALF_AWAY, Rounding.HALF_EVEN
    check_kernels([case(random, rule, place) for rule in others for place in (0, 3)])
