"""Average of windows of different sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.fp32 import fp32_add, fp32_mul
from modelgen.operators.base import Arrays, Bounded, Cut
from modelgen.operators.bounds import ROUNDING
from modelgen.operators.uneven_pooling import UnevenPooling

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class UnevenAvgPool2d(UnevenPooling):
    """Sums each window, pixel by pixel, and multiplies the sum by 1 / divisor.

    Adaptive average pooling, and average pooling whose windows extend beyond the map.
    """

    name: ClassVar[str] = "uneven_avg_pool2d"
    title: ClassVar[str] = "average pool"
    function: ClassVar[str] = "Average"
    cycles_of_tap: ClassVar[tuple[float, float]] = (15.1, 8.0)
    row_counts: tuple[int, ...]
    """What the window of each row of the output counts for, in the divisor."""
    column_counts: tuple[int, ...]
    """The same for columns: the divisor is the product."""

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        divisors = torch.from_numpy(self._divisors()).to(inputs[0])
        return self.reduced(inputs[0], torch.sum) / divisors

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        factors = np.float32(1.0) / self._divisors().astype(np.float32)
        return fp32_mul(self.each_window(inputs[0], _sum), factors)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        value, error = inputs[0]
        # Each side rounds every addition, and what it multiplies or divides by.
        pixels = self.each_window(np.ones_like(value), _total)
        mean, spread, size = (
            self.each_window(part, _total) / self._divisors()
            for part in (value, error, np.abs(value) + error)
        )
        return mean, spread + 2.0 * ROUNDING * (pixels + 2.0) * size

    def _divisors(self) -> np.ndarray:
        """Return the divisor of each position, shape (rows, columns, 1)."""
        rows, columns = (np.array(n, np.float64) for n in (self.row_counts, self.column_counts))
        return (rows[:, None] * columns)[..., None]

    def counts(self) -> tuple[Sequence[int], Sequence[int]]:
        """See `UnevenPooling.counts`."""
        return self.row_counts, self.column_counts


def _sum(pixels: np.ndarray) -> np.ndarray:
    """Return the sum of pixels in FP32, in order."""
    total = pixels[0]
    for pixel in pixels[1:]:
        total = fp32_add(total, pixel)
    return total


def _total(pixels: np.ndarray) -> np.ndarray:
    return pixels.sum(axis=0)
