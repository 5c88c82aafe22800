"""Average of each window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.fp32 import add_in_order
from modelgen.operators.base import Arrays, Bounded, Cut
from modelgen.operators.bounds import ALIGNMENT, RELATIVE, ROUNDING
from modelgen.operators.pooling import Pooling

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class AvgPool2d(Pooling):
    """Averages each channel separately; divides by the full kernel size, padding included."""

    name: ClassVar[str] = "avg_pool2d"
    title: ClassVar[str] = "average pool"

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        maps = self.window.pad(inputs[0], 0.0)
        pooled = torch.nn.functional.avg_pool2d(maps, self.window.kernel, self.window.stride)
        return self.epilogue.evaluate_float(pooled.permute(0, 2, 3, 1), inputs[1:])

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        total = add_in_order(self.window.each_tap(inputs[0], 0.0))
        scale, bias = np.float32(1.0 / self.window.taps), np.float32(0.0)
        return self.epilogue.evaluate_exact(total, scale, bias, inputs[1:])

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        value, error = inputs[0]
        # Pixels of a map are often similar, and then all additions round in the same direction.
        relative = RELATIVE + ROUNDING * float(self.window.taps)
        largest = np.full_like(value, np.abs(value).max(initial=0.0))
        allowed = self._mean(error) + relative * self._mean(np.abs(value))
        allowed = allowed + ALIGNMENT * self._mean(largest)
        return self.epilogue.error_bound((self._mean(value), allowed), inputs[1:])

    def _mean(self, values: np.ndarray) -> np.ndarray:
        taps = list(self.window.each_tap(values, 0.0))
        return np.sum(taps, axis=0) / float(self.window.taps)
