"""Rows: some rows of a feature map, where they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Bounded, Cut, Operator, Shape

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Rows(Operator):
    """Moves nothing: the rows of a single feature map (1, rows, columns, channels) are contiguous.

    The compiler adds it where a layer is computed in parts; no front end does.
    """

    name: ClassVar[str] = "rows"
    keeps_values: ClassVar[bool] = True
    takes_time: ClassVar[bool] = False
    first: int
    """The first row."""
    count: int
    """Number of rows."""

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        _, _, *pixels = inputs[0]
        return (1, self.count, *pixels)

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        return inputs[0][:, self.first : self.first + self.count]

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        return inputs[0][:, self.first : self.first + self.count]

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        values, errors = inputs[0]
        rows = slice(self.first, self.first + self.count)
        return values[:, rows], errors[:, rows]

    def place_of_output(self, inputs: Sequence[Shape]) -> int:
        """See `Operator.place_of_output`."""
        return self.first * math.prod(inputs[0][2:])
