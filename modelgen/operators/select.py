"""Choice between two tensors by a mask."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Select(Operator):
    """The second input where the first one, the mask, is not 0; else the third, bit for bit.

    The mask has the shape of the output, and so have the others unless they have one element.
    """

    name: ClassVar[str] = "select"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        mask, chosen, other = inputs
        return torch.where(mask != 0, chosen, other)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        mask, chosen, other = inputs
        return np.where(mask != 0, chosen, other)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        (mask, mask_error), (chosen, chosen_error), (other, other_error) = inputs
        value = np.where(mask != 0, chosen, other)
        error = np.where(mask != 0, chosen_error, other_error)
        with np.errstate(invalid="ignore"):
            either = np.abs(chosen - other) + np.maximum(chosen_error, other_error)
        may_differ = (mask_error > 0) & (np.abs(mask) <= mask_error)
        return value, np.where(may_differ, either, error)

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        n = math.prod(inputs[0])
        steps = ", ".join("1" if math.prod(shape) == n else "0" for shape in inputs[1:])
        return Kernel("select.hpp", f"select<{steps}>", (str(n),), cycles=20.0 + 10.5 * n)
