"""Argmax: the class with the largest value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape

if TYPE_CHECKING:
    import torch


_UNROLLED = 13
"""Columns from which on the compiler makes a loop."""


@dataclass(frozen=True)
class Argmax(Operator):
    """Index of the largest value of each row, the first of equal ones, as FP32."""

    name: ClassVar[str] = "argmax"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0][:-1]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        return inputs[0].argmax(dim=-1).to(torch.float32)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        return inputs[0].argmax(axis=-1).astype(np.float32)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        values, errors = inputs[0]
        chosen = values.argmax(axis=-1)
        lowest = (values - errors).max(axis=-1, keepdims=True)
        # Every class whose value may be the largest; NaN, which is the largest, has no bound.
        possible = ~(values + errors < lowest)
        distance = np.abs(np.arange(values.shape[-1]) - chosen[..., None])
        return chosen.astype(np.float64), np.where(possible, distance, 0.0).max(axis=-1)

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        columns = inputs[0][-1]
        rows = math.prod(inputs[0]) // columns
        # The compiler unrolls the loop over few columns.
        cycles = rows * columns * (15.0 if columns < _UNROLLED else 22.0)
        return Kernel("argmax.hpp", "argmax", (str(rows), str(columns)), cycles=cycles)
