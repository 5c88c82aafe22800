"""Softmax of 8-bit integers, computed in FP32 as ONNX Runtime does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.fp32_rules import fp32_exponentials, fp32_softmax, units_of
from modelgen.arithmetic.integer.quantization import Quantization, fp32_text
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.operators.base import Arrays, Data, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.kernels import output_text


@dataclass(frozen=True)
class Fp32Softmax(IntegerOperator):
    """Softmax over the last dimension, by a table of 256 exponentials."""

    name: ClassVar[str] = "fp32_softmax"
    given: Quantization
    result: Quantization

    def describe(self) -> str:
        """See `Operator.describe`."""
        return "softmax"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        return Clamp().of(fp32_softmax(inputs[0], self.given.single, self.result))

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        columns = inputs[0][-1]
        rows = math.prod(inputs[0][:-1])
        powers = fp32_exponentials(self.given.single, columns).astype("<f4")
        output = output_text(self.result.zero_point, Clamp())
        return Kernel(
            "int8/softmax.hpp",
            "int8::fp32_softmax",
            (str(rows), str(columns), fp32_text(units_of(self.result)), output),
            data=(Data("float", powers),),
            cycles=30.0 + rows * (30.0 + 65.0 * columns),
        )
