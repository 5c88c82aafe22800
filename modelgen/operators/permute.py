"""Permutation of dimensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Shape
from modelgen.operators.movement import Copy, Movement

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Permute(Movement):
    """Reorders the dimensions."""

    name: ClassVar[str] = "permute"
    keeps_values: ClassVar[bool] = True
    axes: tuple[int, ...]
    """The input's dimensions in their new order."""

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return tuple(inputs[0][axis] for axis in self.axes)

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        return inputs[0].permute(self.axes)

    def copies(self, inputs: Sequence[np.ndarray], output: np.ndarray) -> Iterable[Copy]:
        """See `Movement.copies`."""
        return [Copy(0, inputs[0].transpose(self.axes), output)]
