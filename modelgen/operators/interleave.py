"""Phases of maps as neighbouring pixels: how transposed convolutions and interpolation end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Shape
from modelgen.operators.movement import Copy, Movement

if TYPE_CHECKING:
    import torch

Phases = tuple[slice, slice, slice]
"""Pixels of the input, phases, and pixels of the output along an axis."""


@dataclass(frozen=True)
class Interleave(Movement):
    """Moves channels (group, phase in y, phase in x, channel) of each pixel to as many pixels.

    Pixel i of phase p becomes pixel i * stride + p; of all these, a part is kept.
    """

    name: ClassVar[str] = "interleave"
    keeps_values: ClassVar[bool] = True
    stride: tuple[int, int]
    """Phases in y, in x."""
    first: tuple[int, int]
    """The first row and column that are kept."""
    size: tuple[int, int]
    """Rows, columns of the output."""
    groups: int = 1
    """Groups of the channels: the phases of each follow one another."""

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        batch, _, _, channels = inputs[0]
        return batch, *self.size, channels // (self.stride[0] * self.stride[1])

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        batch, rows, columns, _ = inputs[0].shape
        split = inputs[0].reshape(batch, rows, columns, self.groups, *self.stride, -1)
        moved = split.permute(0, 1, 4, 2, 5, 3, 6)
        whole = moved.reshape(batch, rows * self.stride[0], columns * self.stride[1], -1)
        (top, left), (height, width) = self.first, self.size
        return whole[:, top : top + height, left : left + width]

    def copies(self, inputs: Sequence[np.ndarray], output: np.ndarray) -> Iterable[Copy]:
        """See `Movement.copies`."""
        batch, rows, columns, _ = inputs[0].shape
        read = inputs[0].reshape(batch, rows, columns, self.groups, *self.stride, -1)
        read = read.transpose(0, 1, 4, 2, 5, 3, 6)
        for (y, phase_y, to_y), (x, phase_x, to_x) in product(self._phases(0), self._phases(1)):
            chosen = read[:, y, phase_y, x, phase_x]
            written = output[:, to_y, to_x]
            yield Copy(0, chosen, _as(written, chosen.shape))

    def _phases(self, axis: int) -> list[Phases]:
        """Return the phases that are copied together: all, if whole pixels of the input are."""
        stride, first, size = self.stride[axis], self.first[axis], self.size[axis]
        if first % stride == size % stride == 0:
            pixels = slice(first // stride, (first + size) // stride)
            return [(pixels, slice(None), slice(None))]
        found = []
        for start in range(min(stride, size)):
            pixel, phase = divmod(first + start, stride)
            count = -(-(size - start) // stride)
            phases = slice(phase, phase + 1)
            found.append((slice(pixel, pixel + count), phases, slice(start, None, stride)))
        return found


def _as(pixels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a view of pixels with dimensions for phases and groups, as `shape` has them."""
    _, _, phases_y, _, phases_x, _, each = shape
    step, y, x, channel = pixels.strides
    strides = step, y * phases_y, y, x * phases_x, x, channel * each, channel
    return np.lib.stride_tricks.as_strided(pixels, shape, strides)
