"""Bilinear interpolation on the CPU."""

from __future__ import annotations

from modelgen.operators import Resize
from tests.support.kernel_host import check_kernels
from tests.support.operator_checks import random_values
from tests.unit.sw.test_uneven_pool import special


def test_it_gives_the_bits_of_the_reference() -> None:
    check_kernels(
        [
            (Resize((8, 10), (0.5, 0.5)), [random_values(2, 4, 5, 9)]),
            (Resize((7, 3), (3 / 6, 4 / 2), True), [random_values(1, 4, 5, 3)]),
            (Resize((3, 5), (4 / 3, 1.0)), [special(1, 4, 5, 6)]),
            (Resize((2, 2), (0.5, 0.5)), [random_values(1, 1, 1, 1)]),
        ]
    )
