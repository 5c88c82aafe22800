"""From FP32 to 8-bit integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.quantization import Division, Quantization, fp32_text
from modelgen.operators.base import Arrays, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator

_CPP = {
    Division.TIES_AWAY: ("kTiesAway", 52.0),
    Division.TIES_EVEN: ("kTiesEven", 41.0),
    Division.RECIPROCAL: ("kReciprocal", 25.0),
}
"""The name in C++, and cycles for each number."""


@dataclass(frozen=True)
class Quantize(IntegerOperator):
    """Divides by the scale in FP32, rounds, and adds the zero point."""

    name: ClassVar[str] = "quantize"
    reads: ClassVar[type[np.generic]] = np.float32
    quantization: Quantization
    division: Division = Division.TIES_AWAY
    offset: int = 0
    """What was subtracted from the integers of the model's runtime: 128 for UINT8."""

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        return self.quantization.quantize(inputs[0], self.division)

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        size = math.prod(inputs[0])
        scale, zero_point = self.quantization.texts()
        if self.division is Division.RECIPROCAL:
            scale = fp32_text(1.0 / self.quantization.scale)
        name, cycles = _CPP[self.division]
        return Kernel(
            "int8/quantize.hpp",
            f"int8::quantize<heepstor::int8::Division::{name}>",
            (str(size), scale, zero_point),
            cycles=20.0 + cycles * size,
        )
