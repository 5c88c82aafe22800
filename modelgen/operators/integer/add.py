"""Sum of two tensors of 8-bit integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.sum_form import SumForm, sum_form
from modelgen.arithmetic.integer.sums import SumScales, scaled_sum
from modelgen.operators.base import Arrays, Shape
from modelgen.operators.integer.base import IntegerOperator


@dataclass(frozen=True)
class IntegerAdd(IntegerOperator):
    """Adds tensors with scales of their own, whose shapes broadcast."""

    name: ClassVar[str] = "integer_add"
    zero_points: tuple[int, int]
    """Of both inputs."""
    scales: SumScales
    output_zero_point: int
    clamp: Clamp = field(default_factory=Clamp)

    def describe(self) -> str:
        """See `Operator.describe`."""
        return ", ".join(["add", *self.clamp.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return np.broadcast_shapes(*inputs)

    def form(self) -> SumForm | None:
        """Return what hardware computes from both operands without their zero points, without the
        output's zero point and clamp; None if there is no such form."""
        limits = self.clamp.without(self.output_zero_point)
        return sum_form(self.scales, self.zero_points, *limits)

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        pairs = zip(inputs, self.zero_points, strict=True)
        first, second = (values.astype(np.int64) - zero_point for values, zero_point in pairs)
        return self.clamp.of(scaled_sum(first, second, self.scales) + self.output_zero_point)
