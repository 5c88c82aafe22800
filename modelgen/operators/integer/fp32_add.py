"""Sum of two tensors of 8-bit integers, computed in FP32 as ONNX Runtime does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.fp32_rules import fp32_sum, sum_factors
from modelgen.arithmetic.integer.quantization import Quantization, fp32_text
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.operators.base import Arrays, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.kernels import element_wise, output_text


@dataclass(frozen=True)
class Fp32Add(IntegerOperator):
    """Adds tensors with scales of their own, whose shapes broadcast, in FP32."""

    name: ClassVar[str] = "fp32_add"
    first: Quantization
    """Of the first input."""
    second: Quantization
    result: Quantization
    offset: int = 0
    """See `modelgen.arithmetic.integer.fp32_rules`."""
    clamp: Clamp = field(default_factory=Clamp)

    def describe(self) -> str:
        """See `Operator.describe`."""
        return ", ".join(["add", *self.clamp.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return np.broadcast_shapes(*inputs)

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        given = self.first, self.second
        return self.clamp.of(fp32_sum(inputs[0], inputs[1], given, self.result, self.offset))

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        left, right, fixed = sum_factors((self.first, self.second), self.result, self.offset)
        numbers = ", ".join([*map(fp32_text, (left, right, fixed)), str(self.offset)])
        output = output_text(-self.offset, self.clamp)
        arguments = f"heepstor::int8::Fp32Sum{{{numbers}}}", output
        return element_wise("fp32_add", inputs, arguments, (), 32.2)
