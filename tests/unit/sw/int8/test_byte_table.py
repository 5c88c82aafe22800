"""Functions of one 8-bit integer on the CPU."""

from __future__ import annotations

import numpy as np

from modelgen.operators.integer.byte_table import ByteTable
from tests.support.int8_layers import integers
from tests.support.kernel_host import check_kernels


def test_they_give_the_bits_of_the_reference() -> None:
    random = np.random.default_rng(0)
    table = {"table": integers(random, 256)}
    every = np.arange(-128, 128).astype(np.int8)
    check_kernels(
        [(ByteTable("any"), [values], table) for values in (every, every[:3], every[5:6])]
    )
