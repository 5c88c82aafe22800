"""The cell state of an LSTM after a step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.fp32 import fp32_add, fp32_mul
from modelgen.operators import gates
from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LstmState(Operator):
    """sigmoid(f) c + sigmoid(i) tanh(g), of the gates i, f, g, o and the state c before.

    Inputs: the gates (rows, 4 H), one after another, and c (rows, H).
    """

    name: ClassVar[str] = "lstm_state"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[1]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        enter, keep, new, _ = inputs[0].chunk(4, -1)
        return keep.sigmoid() * inputs[1] + enter.sigmoid() * new.tanh()

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        enter, keep, new, _ = gates.split(inputs[0], 4)
        kept = fp32_mul(gates.exact(gates.SIGMOID, keep), inputs[1])
        added = fp32_mul(gates.exact(gates.SIGMOID, enter), gates.exact(gates.TANH, new))
        return fp32_add(kept, added)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        enter, keep, new, _ = gates.parts(inputs[0], 4)
        kept = gates.product(gates.function(gates.SIGMOID, keep), inputs[1])
        entering = gates.function(gates.SIGMOID, enter)
        return gates.total(kept, gates.product(entering, gates.function(gates.TANH, new)))

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        size = inputs[1][-1]
        rows = math.prod(inputs[1]) // size
        cycles = rows * (200.0 * -(-size // gates.BLOCK) + 112.0 * size)
        return Kernel("lstm_state.hpp", "lstm_state", (str(rows), str(size)), cycles=cycles)
