"""Any function of one 8-bit integer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.byte_tables import look_up
from modelgen.operators.base import Arrays, Data, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator


@dataclass(frozen=True)
class ByteTable(IntegerOperator):
    """Looks up each element in a table.

    Constant: `table` (256,), INT8; the result for q is at q + 128.
    """

    name: ClassVar[str] = "byte_table"
    title: str
    """The function's name in reports."""

    def describe(self) -> str:
        """See `Operator.describe`."""
        return self.title

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        return look_up(constants["table"], inputs[0])

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        size = math.prod(inputs[0])
        data = (Data("std::int8_t", constants["table"]),)
        cycles = 20.0 + 5.9 * size
        return Kernel(
            "int8/byte_table.hpp", "int8::look_up", (str(size),), data=data, cycles=cycles
        )
