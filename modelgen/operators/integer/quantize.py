"""From FP32 to 8-bit integers."""

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
class Quantize(IntegerOperator):
    """Divides by the scale in FP32, rounds, ties away from zero, and adds the zero point."""

    name: ClassVar[str] = "quantize"
    reads: ClassVar[type[np.generic]] = np.float32
    quantization: Quantization

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        return self.quantization.quantize(inputs[0])

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        size = math.prod(inputs[0])
        arguments = str(size), *self.quantization.texts()
        cycles = 20.0 + 33.0 * size
        return Kernel("int8/quantize.hpp", "int8::quantize", arguments, cycles=cycles)
