"""Argmax on the CPU."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import runtime_host


@pytest.mark.parametrize(
    ("values", "largest"),
    [
        ([3.0], 0),
        ([1.0, 5.0, 5.0, 2.0], 1),
        ([-2.0, -1.0, -3.0], 1),
        ([1.0, np.nan, 7.0, np.nan], 1),
        ([-np.inf, -np.inf], 0),
        ([0.0, -0.0], 0),
    ],
)
def test_argmax(values: list[float], largest: int) -> None:
    assert runtime_host.connect().argmax(np.array(values, np.float32)) == largest
