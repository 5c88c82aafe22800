"""Maximum of windows of different sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.fp32 import canonicalize, maximum
from modelgen.operators.base import Arrays, Bounded, Cut
from modelgen.operators.uneven_pooling import UnevenPooling

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class UnevenMaxPool2d(UnevenPooling):
    """Takes the largest value of each window: adaptive max-pooling."""

    name: ClassVar[str] = "uneven_max_pool2d"
    title: ClassVar[str] = "max-pool"
    function: ClassVar[str] = "Largest"
    cycles_of_tap: ClassVar[tuple[float, float]] = (38.0, 12.0)

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        return self.reduced(inputs[0], torch.amax)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        return self.each_window(inputs[0], _largest)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        value, error = (self.each_window(part, np.maximum.reduce) for part in inputs[0])
        return value, error


def _largest(pixels: np.ndarray) -> np.ndarray:
    """Return the largest FP32 value of the pixels, the first of equal ones."""
    largest = canonicalize(pixels[0])
    for pixel in pixels[1:]:
        largest = maximum(largest, pixel)
    return largest
