"""Embeddings on the CPU."""

from __future__ import annotations

import numpy as np

from modelgen.operators import Embedding
from tests.support.kernel_host import check_kernels
from tests.support.movements import patterns


def test_rows_of_the_table_and_nothing_else() -> None:
    inside = np.array([[3, 0, 4], [1, 2, 2]], np.float32)
    outside = np.array([-1, 5, 1e30, -np.inf, np.inf, np.nan, -0.0, 4.5, 3.9], np.float32)
    one = np.array([0, 1], np.float32)
    check_kernels(
        [
            (Embedding(), [inside, patterns(5, 6)]),
            (Embedding(), [outside, patterns(5, 3)]),
            (Embedding(), [one, patterns(1, 1)]),
        ]
    )
