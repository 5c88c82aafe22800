"""What all operators on integers share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from modelgen.operators.base import Arrays, Cut, Shape
from modelgen.operators.integer.base import IntegerOperator


@dataclass(frozen=True)
class Halved(IntegerOperator):
    """Divides by two and adds a constant."""

    name = "halved"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        return inputs[0]

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        assert inputs[0].dtype == np.int8
        return (inputs[0] >> 1) + constants["added"]


VALUES = np.array([[-128, -3, 5]], np.int8)
ADDED = np.array([1, 2, 3], np.int8)
RESULT = [[-63, 0, 5]]


def test_every_way_gives_the_same_integers() -> None:
    constants = {"added": ADDED}
    exact = Halved().evaluate_exact([VALUES], constants, Cut(4))
    np.testing.assert_array_equal(exact, RESULT)
    assert exact.dtype == np.int8
    numbers = torch.from_numpy(VALUES.astype(np.float32))
    by_torch = Halved().evaluate_float([numbers], {"added": torch.from_numpy(ADDED)})
    assert by_torch.dtype == torch.float32
    np.testing.assert_array_equal(by_torch.numpy(), RESULT)


def test_there_is_no_error() -> None:
    bounded = VALUES.astype(np.float64), np.zeros(VALUES.shape)
    value, error = Halved().error_bound([bounded], {"added": ADDED})
    np.testing.assert_array_equal(value, RESULT)
    assert (value.dtype, error.any()) == (np.float64, False)
