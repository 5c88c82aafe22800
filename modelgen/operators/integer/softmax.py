"""Softmax of 8-bit integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.softmax import SoftmaxScale, exponentials, softmax
from modelgen.operators.base import Arrays, Data, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator

_UNROLLED = 16
"""The longest row whose length the kernel has as a constant."""


@dataclass(frozen=True)
class IntegerSoftmax(IntegerOperator):
    """Softmax over the last dimension, with scale 1/256 and zero point -128."""

    name: ClassVar[str] = "integer_softmax"
    scale: SoftmaxScale

    def describe(self) -> str:
        """See `Operator.describe`."""
        return "softmax"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        return softmax(inputs[0], self.scale)

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        columns = inputs[0][-1]
        rows = math.prod(inputs[0][:-1])
        powers = exponentials(-np.arange(256), self.scale)
        is_short = columns <= _UNROLLED
        # Of typical rows: shares that are 0 take fewer than others.
        of_value = 23.0 if is_short else 42.0
        return Kernel(
            "int8/softmax.hpp",
            f"int8::softmax<{columns}>" if is_short else "int8::softmax",
            (str(rows),) if is_short else (str(rows), str(columns)),
            data=(Data("std::int32_t", powers.astype("<i4")),),
            cycles=30.0 + rows * (195.0 + of_value * columns),
        )
