"""From 8-bit integers to FP32."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.operators.base import Arrays, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator


@dataclass(frozen=True)
class Dequantize(IntegerOperator):
    """Subtracts the zero point and multiplies by the scale."""

    name: ClassVar[str] = "dequantize"
    quantization: Quantization
    offset: int = 0
    """What was subtracted from the integers of the model's runtime: 128 for UINT8."""

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        return self.quantization.dequantize(inputs[0])

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        size = math.prod(inputs[0])
        arguments = str(size), *self.quantization.texts()
        cycles = 20.0 + 14.0 * size
        return Kernel("int8/quantize.hpp", "int8::dequantize", arguments, cycles=cycles)
