"""Average pooling of 8-bit integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.channel_forms import ChannelForms
from modelgen.arithmetic.integer.forms import average_form
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.rounding import divide_half_away
from modelgen.operators.base import Arrays, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.kernels import pooling
from modelgen.operators.window import Window


@dataclass(frozen=True)
class IntegerAvgPool2d(IntegerOperator):
    """Divides sums by the number of pixels inside the map, ties away from zero.

    Zero points play no part: input and output have the same quantization.
    """

    name: ClassVar[str] = "integer_avg_pool2d"
    window: Window
    clamp: Clamp = field(default_factory=Clamp)

    def describe(self) -> str:
        """See `Operator.describe`."""
        size, *rest = self.window.describe()
        return ", ".join([f"avg-pool {size}", *rest, *self.clamp.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        batch, rows, columns, channels = inputs[0]
        return batch, *self.window.outputs(rows, columns), channels

    def forms(self, shape: Shape) -> dict[int, ChannelForms]:
        """Return, by the number of pixels inside the map, what hardware computes from sums, without
        the clamp: one form for all channels.

        Args:
            shape: of the input.
        """
        counts = np.unique(self._counts(shape)).tolist()
        return {count: average_form(count, self.clamp) for count in counts}

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        values = inputs[0].astype(np.int64)
        sums = np.asarray(sum(self.window.each_tap(values, 0)))
        return self.clamp.of(divide_half_away(sums, self._counts(values.shape)))

    def _counts(self, shape: Shape) -> np.ndarray:
        """Return the number of pixels inside the map under each position of the window."""
        inside = np.ones((1, *shape[1:3], 1), np.int64)
        return np.asarray(sum(self.window.each_tap(inside, 0)))

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        return pooling("Average", self.window, self.clamp, inputs[0], of_result=90.0, of_lane=3.0)
