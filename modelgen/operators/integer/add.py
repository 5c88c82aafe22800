"""Sum of two tensors of 8-bit integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.byte_tables import INTEGERS
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.sum_form import SumForm, sum_form
from modelgen.arithmetic.integer.sums import SumScales, scaled_operands, scaled_sum
from modelgen.operators.base import Arrays, Data, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.kernels import element_wise, factor_text, output_text


@dataclass(frozen=True)
class IntegerAdd(IntegerOperator):
    """Adds tensors with scales of their own, whose shapes broadcast."""

    name: ClassVar[str] = "integer_add"
    zero_points: tuple[int, int]
    """Of both inputs."""
    scales: SumScales
    output_zero_point: int
    clamp: Clamp = field(default_factory=Clamp)

    def swapped(self) -> IntegerAdd:
        """Return the same sum of both operands in the other order."""
        scales = SumScales(self.scales.second, self.scales.first, self.scales.output)
        return replace(self, zero_points=self.zero_points[::-1], scales=scales)

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

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel | None:
        """See `Operator.kernel`."""
        factor = factor_text(self.scales.output)
        if factor is None:
            return None
        first, second = (INTEGERS - zero_point for zero_point in self.zero_points)
        scaled = np.concatenate(scaled_operands(first, second, self.scales)).astype("<i4")
        arguments = factor, output_text(self.output_zero_point, self.clamp)
        return element_wise("add", inputs, arguments, (Data("std::int32_t", scaled),), 39.5)
