"""StackRows: feature maps of some rows each, one above the other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Bounded, Cut, Operator, Shape

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class StackRows(Operator):
    """Moves nothing: the layers that produce its inputs (1, rows, columns, channels) write parts of
    one feature map.

    The compiler adds it where a layer is computed in parts; no front end does.
    """

    name: ClassVar[str] = "stack_rows"
    keeps_values: ClassVar[bool] = True
    takes_time: ClassVar[bool] = False

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        _, _, *pixels = inputs[0]
        return (1, sum(shape[1] for shape in inputs), *pixels)

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        return torch.cat(list(inputs), dim=1)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        return np.concatenate(inputs, axis=1)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        values, errors = zip(*inputs, strict=True)
        return np.concatenate(values, axis=1), np.concatenate(errors, axis=1)

    def places_of_inputs(self, inputs: Sequence[Shape]) -> list[int]:
        """See `Operator.places_of_inputs`."""
        return [0, *accumulate(math.prod(shape) for shape in inputs[:-1])]
