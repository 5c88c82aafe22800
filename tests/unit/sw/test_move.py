"""Copies of strided boxes on the CPU: the kernel of all operators that move values."""

from __future__ import annotations

import numpy as np

from modelgen.operators import Pad, Slice
from tests.support.kernel_host import Case, check_kernels
from tests.support.movements import CASES


def test_they_give_the_bits_of_the_reference() -> None:
    check_kernels(CASES)


def test_bytes_are_moved_at_every_alignment() -> None:
    """Runs of words, of words and a rest, and of bytes that are no words."""
    values = np.random.default_rng(0).integers(-128, 128, (3, 5, 43), np.int8)
    cases: list[Case] = [
        *((Pad((0, rows, 0), (0, 1, 0), value=-7.0), [values]) for rows in (0, 1, 4)),
        *((Pad((0, 0, before), (0, 0, 5)), [values]) for before in range(5)),
        *(
            (Slice((0, 0, first), (3, 5, size), (1, 1, 1)), [values])
            for first in range(5)
            for size in (9, 16, 36)
        ),
    ]
    check_kernels(cases)
