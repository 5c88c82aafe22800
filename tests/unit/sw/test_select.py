"""Choice by a mask on the CPU: equality with the operator, bit for bit."""

from __future__ import annotations

import numpy as np

from modelgen.operators import Select
from tests.support.kernel_host import check_kernels
from tests.support.operator_checks import random_values

MASK = np.array([0.0, 1.0, -0.0, np.nan, -2.0, 0.0, 1.0], np.float32)


def test_it_gives_the_bits_of_the_operator() -> None:
    values, nan = random_values(7), np.array([0xFFC12345], np.uint32).view(np.float32)
    pairs = [(values, -values), (nan, values), (values, nan), (nan, -nan)]
    check_kernels([(Select(), [MASK, chosen, other]) for chosen, other in pairs])
