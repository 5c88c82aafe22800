"""Max-pooling: what wins over padding and numbers."""

from __future__ import annotations

import numpy as np
import torch

from modelgen.operators import MaxPool2d
from modelgen.operators.base import Cut
from modelgen.operators.window import Window


def test_padding_is_never_the_largest() -> None:
    operator = MaxPool2d(Window((3, 3), (3, 3), (2, 0, 2, 0)))
    values = -np.ones((1, 1, 1, 1), np.float32)
    assert operator.evaluate_exact([values], {}, Cut(8)).item() == -1.0
    assert operator.evaluate_float([torch.from_numpy(values)], {}).item() == -1.0


def test_nan_is_the_largest() -> None:
    values = np.array([[[[1.0], [np.nan]]]], np.float32)
    pooled = MaxPool2d(Window((1, 2))).evaluate_exact([values], {}, Cut(8))
    assert pooled.view(np.uint32).tolist() == [[[[0x7FC00000]]]]
