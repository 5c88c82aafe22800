"""From numbers to integers."""

from __future__ import annotations

import numpy as np
import torch

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.operators.integer.quantize import Quantize

VALUES = np.array([[0.0, 0.25, -3.3]], np.float32)


def test_numbers_become_integers() -> None:
    operator = Quantize(Quantization(0.5, 3))
    found = operator.compute([VALUES], {})
    assert found.dtype == np.int8
    np.testing.assert_array_equal(found, [[3, 4, -4]])
    assert operator.infer_shape([(1, 3)], {}) == (1, 3)


def test_pytorch_gives_it_numbers_too() -> None:
    found = Quantize(Quantization(0.5, 3)).evaluate_float([torch.from_numpy(VALUES)], {})
    np.testing.assert_array_equal(found.numpy(), [[3, 4, -4]])
