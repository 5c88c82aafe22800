"""The output of an LSTM after a step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.fp32 import fp32_mul
from modelgen.operators import gates
from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LstmOutput(Operator):
    """sigmoid(o) tanh(c), of the gates i, f, g, o and the cell state c.

    Inputs: the gates (rows, 4 H), one after another, and c (rows, H).
    """

    name: ClassVar[str] = "lstm_output"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[1]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        return inputs[0].chunk(4, -1)[3].sigmoid() * inputs[1].tanh()

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        leave = gates.exact(gates.SIGMOID, gates.split(inputs[0], 4)[3])
        return fp32_mul(leave, gates.exact(gates.TANH, inputs[1]))

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        leave = gates.function(gates.SIGMOID, gates.parts(inputs[0], 4)[3])
        return gates.product(leave, gates.function(gates.TANH, inputs[1]))

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        size = inputs[1][-1]
        rows = math.prod(inputs[1]) // size
        cycles = rows * (150.0 * -(-size // gates.BLOCK) + 75.0 * size)
        return Kernel("lstm_output.hpp", "lstm_output", (str(rows), str(size)), cycles=cycles)
