"""Reshape: flatten, view, squeeze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Bounded, Cut, Operator, Shape

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Reshape(Operator):
    """Moves nothing in contiguous memory."""

    name: ClassVar[str] = "reshape"
    keeps_values: ClassVar[bool] = True
    takes_time: ClassVar[bool] = False
    shape: Shape
    """Shape of the output."""

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return self.shape

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        return inputs[0].reshape(self.shape)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        return inputs[0]

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        return inputs[0]
