"""A window that slides over feature maps, shared by convolutions and poolings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Window:
    """Size and movement of a window. Pairs are (rows, columns), in pixels."""

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Top, bottom, left, right. A negative number leaves out rows or columns of the map."""
    dilation: tuple[int, int] = (1, 1)

    @property
    def taps(self) -> int:
        """Number of pixels under the window."""
        return self.kernel[0] * self.kernel[1]

    def describe(self) -> list[str]:
        """Return its size, and its stride and dilation if they are not 1."""
        parts = [f"{self.kernel[0]}x{self.kernel[1]}"]
        for name, pair in (("stride", self.stride), ("dilation", self.dilation)):
            if pair != (1, 1):
                parts.append(f"{name} {pair_text(pair)}")
        return parts

    def outputs(self, rows: int, columns: int) -> tuple[int, int]:
        """Return how many rows and columns of positions the window takes on a map."""
        top, bottom, left, right = self.padding
        return self._along(0, rows + top + bottom), self._along(1, columns + left + right)

    def _along(self, axis: int, padded: int) -> int:
        reach = (self.kernel[axis] - 1) * self.dilation[axis] + 1
        return (padded - reach) // self.stride[axis] + 1

    def part(self, rows: int, outputs: range) -> tuple[Window, range]:
        """Return the window for some rows of outputs, and the rows of the map that it sees then.

        Args:
            rows: of the map.
            outputs: rows of outputs; the window has to see at least one row of the map.
        """
        top, _, left, right = self.padding
        first = outputs.start * self.stride[0] - top
        reach = (self.kernel[0] - 1) * self.dilation[0] + 1
        end = (outputs.stop - 1) * self.stride[0] - top + reach
        seen = range(max(first, 0), min(end, rows))
        padding = (seen.start - first, end - seen.stop, left, right)
        return replace(self, padding=padding), seen

    def transposed(self) -> Window:
        """Return the window with rows and columns exchanged."""
        top, bottom, left, right = self.padding
        kernel, stride, dilation = (
            pair[::-1] for pair in (self.kernel, self.stride, self.dilation)
        )
        return Window(kernel, stride, (left, right, top, bottom), dilation)

    def each_tap(self, maps: np.ndarray, padding_value: float) -> Iterator[np.ndarray]:
        """Yield the pixels under each tap, row by row, shape (batch, rows, columns, channels)."""
        padded = self._padded(maps, padding_value)
        rows, columns = (self._along(axis, padded.shape[axis + 1]) for axis in (0, 1))
        for y in range(self.kernel[0]):
            for x in range(self.kernel[1]):
                yield padded[:, self._seen(0, y, rows), self._seen(1, x, columns)]

    def _padded(self, maps: np.ndarray, padding_value: float) -> np.ndarray:
        """Return maps, (batch, rows, columns, channels), with padding."""
        top, bottom, left, right = self.padding
        rows, columns = (
            slice(max(-before, 0), size - max(-after, 0))
            for before, after, size in zip(
                (top, left), (bottom, right), maps.shape[1:3], strict=True
            )
        )
        around = ((0, 0), *((max(a, 0), max(b, 0)) for a, b in ((top, bottom), (left, right))))
        value = maps.dtype.type(padding_value)
        return np.pad(maps[:, rows, columns], (*around, (0, 0)), constant_values=value)

    def _seen(self, axis: int, tap: int, positions: int) -> slice:
        """Return the pixels that a tap sees from all positions, along one axis."""
        first, step = tap * self.dilation[axis], self.stride[axis]
        return slice(first, first + (positions - 1) * step + 1, step)

    def pad(self, maps: torch.Tensor, padding_value: float) -> torch.Tensor:
        """Return maps as PyTorch orders them, (batch, channels, rows, columns), with padding.

        Args:
            maps: (batch, rows, columns, channels).
            padding_value: value of the padding.
        """
        import torch

        top, bottom, left, right = self.padding
        around = (left, right, top, bottom)
        return torch.nn.functional.pad(channels_first(maps), around, value=padding_value)


def channels_first(maps: torch.Tensor) -> torch.Tensor:
    """Return maps, (batch, rows, columns, channels), as PyTorch orders them.

    The strides of a single channel fit both orders. They are made those of PyTorch's, because its
    convolutions with some kernels and strides take such maps for the other order and read wrong
    rows.
    """
    batch, rows, columns, channels = maps.shape
    if channels == 1:
        return maps.reshape(batch, 1, rows, columns)
    return maps.permute(0, 3, 1, 2)


def pair_text(pair: tuple[int, int]) -> str:
    """Return "2" of (2, 2), and "2x3" of (2, 3)."""
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"
