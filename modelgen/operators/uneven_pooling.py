"""What poolings share whose windows have different sizes: adaptive ones, and those cut at edges."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Kernel, Operator, Shape, Table, change_text

if TYPE_CHECKING:
    import torch

Span = tuple[int, int]
"""The first pixel of a window along one axis, and the one after its last."""


@dataclass(frozen=True)
class UnevenPooling(Operator):
    """Computes one value from each window of each channel; every window has at least one pixel."""

    title: ClassVar[str]
    """The pooling's name in reports."""
    function: ClassVar[str]
    """The class in uneven_pool.hpp that computes it."""
    cycles_of_tap: ClassVar[tuple[float, float]]
    """Cycles that it takes for a pixel of a window: of four channels together, and of one."""
    rows: tuple[Span, ...]
    """Of each row of the output."""
    columns: tuple[Span, ...]

    def describe(self) -> str:
        """See `Operator.describe`."""
        return f"{self.title}, uneven windows"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        batch, _, _, channels = inputs[0]
        return batch, len(self.rows), len(self.columns), channels

    def reduced(
        self,
        maps: torch.Tensor,
        function: Callable[[torch.Tensor, int], torch.Tensor],
    ) -> torch.Tensor:
        """Return maps with the rows, and then the columns, of each window reduced to one.

        Args:
            maps: (batch, rows, columns, channels).
            function: reduces a dimension of a tensor.
        """
        import torch

        rows = torch.stack([function(maps[:, slice(*span)], 1) for span in self.rows], 1)
        return torch.stack([function(rows[:, :, slice(*span)], 2) for span in self.columns], 2)

    def windows(self, maps: np.ndarray) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
        """Yield the position of each window, and its pixels, row by row.

        Args:
            maps: (batch, rows, columns, channels).

        Yields:
            Row and column of the output; pixels, shape (pixels, batch, channels).
        """
        batch, _, _, channels = maps.shape
        for (y, rows), (x, columns) in product(enumerate(self.rows), enumerate(self.columns)):
            window = maps[:, slice(*rows), slice(*columns)]
            yield (y, x), window.reshape(batch, -1, channels).transpose(1, 0, 2)

    def each_window(
        self, maps: np.ndarray, function: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Return what a function gives of the pixels of each window, as maps."""
        result = np.empty(self.infer_shape([maps.shape], {}), maps.dtype)
        for (y, x), pixels in self.windows(maps):
            result[:, y, x] = function(pixels)
        return result

    def counts(self) -> tuple[Sequence[int], Sequence[int]]:
        """Return what the windows of each row and column count for, in the divisor of a mean."""
        return [1] * len(self.rows), [1] * len(self.columns)

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        batch, height, width, channels = inputs[0]
        arguments = batch, height, width, channels, len(self.rows), len(self.columns)
        rows, columns = self.counts()
        spans = zip((*self.rows, *self.columns), (*rows, *columns), strict=True)
        table = Table("Span", tuple(f"{{{a}, {b}, {count}}}" for (a, b), count in spans))
        name = f"uneven_pool<heepstor::{self.function}>"
        cycles = batch * self._cycles(channels)
        return Kernel("uneven_pool.hpp", name, tuple(map(str, arguments)), table, cycles=cycles)

    def _cycles(self, channels: int) -> float:
        """Return the cycles that the kernel takes for an image: four channels at a time."""
        taps = math.prod(sum(b - a for a, b in spans) for spans in (self.rows, self.columns))
        positions = len(self.rows) * len(self.columns)
        four, one = self.cycles_of_tap
        by_four, rest = channels // 4, channels % 4
        return taps * (four * by_four + one * rest) + positions * (10.0 + 30 * by_four + 20 * rest)

    def shape_text(self, inputs: Sequence[Shape], output: Shape) -> str:
        """Return the dimensions before and after, without a batch of one."""
        return change_text(inputs[0], output)
