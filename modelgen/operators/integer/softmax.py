"""Softmax of 8-bit integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.softmax import SoftmaxScale, softmax
from modelgen.operators.base import Arrays, Shape
from modelgen.operators.integer.base import IntegerOperator


@dataclass(frozen=True)
class IntegerSoftmax(IntegerOperator):
    """Softmax over the last dimension, with scale 1/256 and zero point -128."""

    name: ClassVar[str] = "integer_softmax"
    scale: SoftmaxScale

    def describe(self) -> str:
        """See `Operator.describe`."""
        return "softmax"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        return softmax(inputs[0], self.scale)
