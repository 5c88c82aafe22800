"""Softmax over the last dimension, and its logarithm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.softmax import log_softmax, softmax
from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape
from modelgen.operators.bounds import RELATIVE, ROUNDING

if TYPE_CHECKING:
    import torch

_RELATIVE = 2.0**-17
"""Allowed relative difference for equal logits."""
_UNDERFLOW = 1e-37
"""Difference that is always allowed: the device returns 0 where PyTorch returns a subnormal."""


_IN_REGISTERS = 16
"""The longest row that the kernel keeps in registers."""


@dataclass(frozen=True)
class Softmax(Operator):
    """exp(x) / sum of exp(x), of each row, or the logarithm of that."""

    name: ClassVar[str] = "softmax"
    log: bool = False

    def describe(self) -> str:
        """See `Operator.describe`."""
        return "log-softmax" if self.log else self.name

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        function = torch.log_softmax if self.log else torch.softmax
        return function(inputs[0], dim=-1)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        function = log_softmax if self.log else softmax
        return function(inputs[0].reshape(-1, inputs[0].shape[-1]))

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        value, error = inputs[0]
        distance = value - value.max(axis=-1, keepdims=True)
        logarithm = distance - np.log(np.exp(distance).sum(axis=-1, keepdims=True))
        # Errors of at most e in the logits scale numerator and denominator by at most exp(e) each.
        largest = error.max(axis=-1, keepdims=True)
        # Both add the powers of a row one after another, or in chains that are shorter.
        adding = value.shape[-1] * ROUNDING
        if self.log:
            allowed = RELATIVE * (1.0 + np.abs(logarithm)) + adding
            return logarithm, error + largest + allowed
        result = np.exp(logarithm)
        most = np.exp(np.minimum(logarithm + 2.0 * largest, 0.0))
        least = result * np.exp(-2.0 * largest)
        spread = np.maximum(most - result, result - least)
        return result, spread + (_RELATIVE + adding) * most + _UNDERFLOW

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        columns = inputs[0][-1]
        rows = math.prod(inputs[0]) // columns
        function = "log_softmax" if self.log else "softmax"
        cycles = rows * self._cycles(columns)
        return Kernel("softmax.hpp", f"{function}<{columns}, {rows}>", cycles=cycles)

    def _cycles(self, columns: int) -> float:
        """Return the cycles that the kernel takes for a row."""
        if self.log:
            return 135.0 + 24.6 * columns
        return 62.0 + 19.0 * columns if columns <= _IN_REGISTERS else 85.0 + 23.4 * columns
