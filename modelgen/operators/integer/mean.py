"""Means of 8-bit integers over some dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.channel_forms import ChannelForms
from modelgen.arithmetic.integer.forms import multiplier_form
from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST, Clamp
from modelgen.arithmetic.integer.sums import scaled
from modelgen.operators.base import Arrays, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.kernels import averaging, factor_text, output_text


@dataclass(frozen=True)
class IntegerMean(IntegerOperator):
    """Adds values without their zero point and multiplies the sums, which averages them."""

    name: ClassVar[str] = "integer_mean"
    axes: tuple[int, ...]
    """Dimensions over which it averages; each keeps one element."""
    zero_point: int
    """Of the input."""
    multiplier: Multiplier
    """Of the sums: see `modelgen.arithmetic.integer.means`."""
    output_zero_point: int

    def describe(self) -> str:
        """See `Operator.describe`."""
        return f"mean over {', '.join(map(str, self.axes))}"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return tuple(1 if axis in self.axes else size for axis, size in enumerate(inputs[0]))

    def form(self, shape: Shape) -> ChannelForms:
        """Return what hardware computes from sums of values without their zero point, without the
        output's zero point and clamp: one form for all channels.

        Args:
            shape: of the input.
        """
        count = math.prod(shape[axis] for axis in self.axes)
        lowest, highest = (count * (end - self.zero_point) for end in (LOWEST, HIGHEST))
        return multiplier_form(self.multiplier, lowest, highest, self.output_zero_point, Clamp())

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        values = inputs[0].astype(np.int64) - self.zero_point
        sums = values.sum(axis=self.axes, keepdims=True)
        return Clamp().of(scaled(sums, self.multiplier) + self.output_zero_point)

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel | None:
        """See `Operator.kernel`."""
        factor = factor_text(self.multiplier)
        output = output_text(self.output_zero_point, Clamp())
        if factor is None:
            return None
        return averaging(
            inputs[0], self.axes, self.zero_point, (factor, output), cycles=(40.0, 9.3)
        )
