"""Average pooling: what padding counts, and its bound of error."""

from __future__ import annotations

import numpy as np
import torch

from modelgen.operators import AvgPool2d
from modelgen.operators.base import Cut
from modelgen.operators.window import Window


def test_padding_counts() -> None:
    operator = AvgPool2d(Window((2, 2), (2, 2), (1, 0, 1, 0)))
    values = np.full((1, 1, 1, 1), 8.0, np.float32)
    assert operator.evaluate_exact([values], {}, Cut(8)).item() == 2.0
    assert operator.evaluate_float([torch.from_numpy(values)], {}).item() == 2.0


def test_the_bound_grows_with_the_window() -> None:
    """Pixels that are alike round in the same direction, each time that one is added."""
    values = np.full((1, 16, 16, 1), 0.7)

    def bound(size: int) -> float:
        operator = AvgPool2d(Window((size, size), (size, size)))
        return operator.error_bound([(values, np.zeros_like(values))], {})[1].max()

    assert bound(16) > bound(4) > bound(1)
