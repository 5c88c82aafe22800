"""The state of a GRU after a step."""

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
class GruState(Operator):
    """n + z (h - n) with r = sigmoid(xr + hr), z = sigmoid(xz + hz), n = tanh(xn + r hn).

    Inputs: the gates xr, xz, xn that depend on the step's input, (rows, 3 H), one after another;
    hr, hz, hn, which depend on the state before, likewise; and that state h, (rows, H).
    """

    name: ClassVar[str] = "gru_state"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[2]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        given, hidden = (value.chunk(3, -1) for value in inputs[:2])
        reset, update = ((given[i] + hidden[i]).sigmoid() for i in (0, 1))
        new = (given[2] + reset * hidden[2]).tanh()
        return new + update * (inputs[2] - new)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        given, hidden = (gates.split(value, 3) for value in inputs[:2])
        reset, update = (gates.exact(gates.SIGMOID, fp32_add(given[i], hidden[i])) for i in (0, 1))
        new = gates.exact(gates.TANH, fp32_add(given[2], fp32_mul(reset, hidden[2])))
        return fp32_add(new, fp32_mul(update, fp32_add(inputs[2], -new)))

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        given, hidden = (gates.parts(value, 3) for value in inputs[:2])
        reset, update = (
            gates.function(gates.SIGMOID, gates.total(given[i], hidden[i])) for i in (0, 1)
        )
        argument = gates.total(given[2], gates.product(reset, hidden[2]))
        new = gates.function(gates.TANH, argument)
        change = gates.product(update, gates.total(inputs[2], gates.negative(new)))
        return gates.total(new, change)

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        size = inputs[2][-1]
        rows = math.prod(inputs[2]) // size
        cycles = rows * (260.0 * -(-size // gates.BLOCK) + 167.0 * size)
        return Kernel("gru_state.hpp", "gru_state", (str(rows), str(size)), cycles=cycles)
