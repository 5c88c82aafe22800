"""Matrix product with weights, over the last dimension, of 8-bit integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.forms import requantization_forms
from modelgen.arithmetic.integer.ranges import sum_ranges
from modelgen.arithmetic.integer.requantization import Requantization
from modelgen.arithmetic.integer.shift_form import ShiftForm
from modelgen.operators.base import Arrays, Shape
from modelgen.operators.integer.base import IntegerOperator


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

    def describe(self) -> str:
        """See `Operator.describe`."""
        return ", ".join(["linear", *self.requantization.clamp.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return (*inputs[0][:-1], len(constants["weight"]))

    def forms(self, constants: Arrays) -> list[ShiftForm | None]:
        """Return what hardware computes from the sums of each column, without zero point and
        clamp; None for a column without such a form."""
        weight = constants["weight"].astype(np.int64) - self.weight_zero_point
        ranges = sum_ranges(weight, self.zero_point, constants["bias"])
        return requantization_forms(self.requantization, constants, *ranges)

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        # FP64 holds all these sums exactly.
        values = inputs[0].astype(np.float64) - self.zero_point
        weight = constants["weight"].astype(np.float64) - self.weight_zero_point
        sums = (values @ weight.T).astype(np.int64) + constants["bias"]
        return self.requantization.of(sums, constants)
