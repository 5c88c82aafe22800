"""Product of two tensors of 8-bit integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.channel_forms import ChannelForms
from modelgen.arithmetic.integer.forms import multiplier_form
from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST, Clamp
from modelgen.arithmetic.integer.sums import scaled
from modelgen.operators.base import Arrays, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.kernels import element_wise, factor_text, output_text


@dataclass(frozen=True)
class IntegerMultiply(IntegerOperator):
    """Multiplies tensors, whose shapes broadcast, element by element."""

    name: ClassVar[str] = "integer_multiply"
    zero_points: tuple[int, int]
    """Of both inputs."""
    multiplier: Multiplier
    output_zero_point: int
    clamp: Clamp = field(default_factory=Clamp)

    def describe(self) -> str:
        """See `Operator.describe`."""
        return ", ".join(["multiply", *self.clamp.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return np.broadcast_shapes(*inputs)

    def form(self) -> ChannelForms:
        """Return what hardware computes from products of operands without their zero points,
        without the output's zero point and clamp: one form for all of them."""
        ends = [np.array([LOWEST, HIGHEST]) - zero_point for zero_point in self.zero_points]
        corners = np.outer(*ends)
        limits = int(corners.min()), int(corners.max())
        return multiplier_form(self.multiplier, *limits, self.output_zero_point, self.clamp)

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        pairs = zip(inputs, self.zero_points, strict=True)
        first, second = (values.astype(np.int64) - zero_point for values, zero_point in pairs)
        return self.clamp.of(scaled(first * second, self.multiplier) + self.output_zero_point)

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel | None:
        """See `Operator.kernel`."""
        factor = factor_text(self.multiplier)
        if factor is None:
            return None
        left, right = self.zero_points
        zeros = f"heepstor::int8::ZeroPoints{{{left}, {right}}}"
        arguments = zeros, factor, output_text(self.output_zero_point, self.clamp)
        return element_wise("multiply", inputs, arguments, (), 38.0)
