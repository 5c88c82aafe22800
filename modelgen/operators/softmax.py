"""Softmax over the last dimension."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic import exponential
from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape

if TYPE_CHECKING:
    import torch

_RELATIVE = 2.0**-17
"""Allowed relative difference for equal logits."""
_UNDERFLOW = 1e-37
"""Difference that is always allowed: the device returns 0 where PyTorch returns a subnormal."""


@dataclass(frozen=True)
class Softmax(Operator):
    """exp(x) / sum of exp(x), of each row."""

    name: ClassVar[str] = "softmax"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        return torch.softmax(inputs[0], dim=-1)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        return exponential.softmax(inputs[0].reshape(-1, inputs[0].shape[-1]))

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        value, error = inputs[0]
        powers = np.exp(value - value.max(axis=-1, keepdims=True))
        result = powers / powers.sum(axis=-1, keepdims=True)
        # Errors of at most e in the logits scale numerator and denominator by at most exp(e) each.
        growth = np.expm1(np.minimum(2.0 * error.max(axis=-1, keepdims=True), 1.0))
        return result, np.minimum(result * (growth + _RELATIVE), 1.0) + _UNDERFLOW

    def kernel(self, inputs: Sequence[Shape]) -> Kernel:
        """See `Operator.kernel`."""
        columns = inputs[0][-1]
        return Kernel("softmax.hpp", f"softmax<{columns}, {math.prod(inputs[0]) // columns}>")
