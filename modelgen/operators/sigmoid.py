"""Sigmoid: the logistic function of each value."""

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

_RELATIVE = 2.0**-20
"""Allowed relative difference for equal values."""
_UNDERFLOW = 1e-37
"""Difference that is always allowed: the device returns 0 where PyTorch returns a tiny number."""
_STEEPEST = 0.25
"""Largest slope of the function."""


@dataclass(frozen=True)
class Sigmoid(Operator):
    """1 / (1 + exp(-x))."""

    name: ClassVar[str] = "sigmoid"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        return torch.sigmoid(inputs[0])

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        return exponential.sigmoid(inputs[0])

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        value, error = inputs[0]
        power = np.exp(-np.abs(value))
        result = np.where(value < 0, power, 1.0) / (1.0 + power)
        return result, np.minimum(_STEEPEST * error + _RELATIVE * result, 1.0) + _UNDERFLOW

    def kernel(self, inputs: Sequence[Shape]) -> Kernel:
        """See `Operator.kernel`."""
        return Kernel("sigmoid.hpp", "sigmoid", (str(math.prod(inputs[0])),))
