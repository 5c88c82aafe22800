"""Max-pooling of 8-bit integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.requantization import LOWEST, Clamp
from modelgen.operators.base import Arrays, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.kernels import pooling
from modelgen.operators.window import Window


@dataclass(frozen=True)
class IntegerMaxPool2d(IntegerOperator):
    """Takes the largest value of each window and channel; padding never wins."""

    name: ClassVar[str] = "integer_max_pool2d"
    window: Window
    clamp: Clamp = field(default_factory=Clamp)

    def describe(self) -> str:
        """See `Operator.describe`."""
        size, *rest = self.window.describe()
        return ", ".join([f"max-pool {size}", *rest, *self.clamp.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        batch, rows, columns, channels = inputs[0]
        return batch, *self.window.outputs(rows, columns), channels

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        return self.clamp.of(np.maximum.reduce(list(self.window.each_tap(inputs[0], LOWEST))))

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        return pooling("Largest", self.window, self.clamp, inputs[0], of_result=12.0, of_lane=4.0)
