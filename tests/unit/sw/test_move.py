"""Copies of strided boxes on the CPU: the kernel of all operators that move values."""

from __future__ import annotations

from tests.support.kernel_host import check_kernels
from tests.support.movements import CASES


def test_they_give_the_bits_of_the_reference() -> None:
    check_kernels(CASES)
