"""Permutation of dimensions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape

if TYPE_CHECKING:
    import torch

_KERNEL_RANK = 4
"""Number of dimensions that the device's permute() works on."""


@dataclass(frozen=True)
class Permute(Operator):
    """Reorders the dimensions; the batch stays first."""

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

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        return inputs[0].transpose(self.axes)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        value, error = inputs[0]
        return value.transpose(self.axes), error.transpose(self.axes)

    def kernel(self, inputs: Sequence[Shape]) -> Kernel:
        """See `Operator.kernel`."""
        source = inputs[0]
        sizes = [source[axis] for axis in self.axes]
        strides = [math.prod(source[axis + 1 :]) for axis in self.axes]
        missing = _KERNEL_RANK - len(sizes)
        parts = ([1] * missing + sizes, [0] * missing + strides)
        lists = ["{" + ", ".join(map(str, part)) + "}" for part in parts]
        return Kernel("permute.hpp", "permute", ("{" + ", ".join(lists) + "}",))

    def shape_text(self, inputs: Sequence[Shape], output: Shape) -> str:
        """Return the dimensions before and after, without a batch of one."""
        shapes = (shape[1:] if shape[0] == 1 else shape for shape in (inputs[0], output))
        return " -> ".join(" x ".join(map(str, shape)) for shape in shapes)
