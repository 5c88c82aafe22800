"""Matrix product with weights, over the last dimension, of 8-bit integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.channel_forms import ChannelForms
from modelgen.arithmetic.integer.forms import requantization_forms
from modelgen.arithmetic.integer.ranges import sum_ranges
from modelgen.arithmetic.integer.requantization import Requantization
from modelgen.operators.base import Arrays, Data, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.epilogue import IntegerEpilogue
from modelgen.operators.integer.kernels import (
    LANES,
    factors_of,
    filled_up,
    in_lanes,
    output_text,
)


@dataclass(frozen=True)
class IntegerLinear(IntegerOperator):
    """Multiplies rows of K values by N columns of weights, both without their zero points.

    Constants: `weight` (N, K), INT8; `bias` (N,), INT32; the factors of the N columns
    (`Rounding.constants`).
    """

    name: ClassVar[str] = "integer_linear"
    zero_point: int
    """Of the input."""
    requantization: Requantization
    weight_zero_point: int = 0
    epilogue: IntegerEpilogue = field(default_factory=IntegerEpilogue)
    """Without a pooling."""

    def describe(self) -> str:
        """See `Operator.describe`."""
        clamp = self.requantization.clamp.describe()
        return ", ".join(["linear", *clamp, *self.epilogue.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return (*inputs[0][:-1], len(constants["weight"]))

    def forms(self, constants: Arrays) -> ChannelForms:
        """Return what hardware computes from the sums of each column, without zero point and
        clamp."""
        return requantization_forms(self.requantization, constants, *self._ranges(constants))

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        # FP64 holds all these sums exactly.
        values = inputs[0].astype(np.float64) - self.zero_point
        weight = constants["weight"].astype(np.float64) - self.weight_zero_point
        sums = (values @ weight.T).astype(np.int64) + constants["bias"]
        return self.epilogue.of(self.requantization.of(sums, constants), inputs[1:], constants)

    def _ranges(self, constants: Arrays) -> tuple[np.ndarray, np.ndarray]:
        weight = constants["weight"].astype(np.int64) - self.weight_zero_point
        return sum_ranges(weight, self.zero_point, constants["bias"])

    def macs(self, inputs: Sequence[Shape], constants: Arrays) -> int:
        """See `IntegerOperator.macs`."""
        return math.prod(inputs[0][:-1]) * constants["weight"].size

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel | None:
        """See `Operator.kernel`."""
        weight, bias = constants["weight"], constants["bias"].astype("<i4")
        factors = factors_of(self.requantization, constants, *self._ranges(constants))
        if factors is None or self.epilogue != IntegerEpilogue():
            return None
        rows = math.prod(inputs[0][:-1])
        columns, depth = weight.shape
        numbers = rows, depth, columns, self.zero_point, self.weight_zero_point
        requantization = self.requantization
        outputs = rows * columns
        return Kernel(
            "int8/linear.hpp",
            "int8::linear",
            (
                f"heepstor::int8::Product{{{', '.join(map(str, numbers))}}}",
                output_text(requantization.zero_point, requantization.clamp),
            ),
            data=(
                Data("std::int8_t", in_lanes(weight)),
                Data("std::int32_t", filled_up(bias)),
                factors,
            ),
            cycles=60.0 + 53.0 * outputs + rows * -(-columns // LANES) * (40.0 + 17.0 * depth),
        )
