"""Bilinear interpolation of feature maps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from modelgen.arithmetic.fp32 import canonicalize
from modelgen.arithmetic.single import fma
from modelgen.operators.base import (
    Arrays,
    Bounded,
    Cut,
    Kernel,
    Operator,
    Shape,
    Table,
    change_text,
)
from modelgen.operators.bounds import ALIGNMENT, ROUNDING

if TYPE_CHECKING:
    import torch


_EXACT_FACTORS = {1, 2, 4}
"""Factors whose weights are multiples of a power of two, and small ones."""


class Taps(NamedTuple):
    """The two pixels that each position along an axis lies between, and the weight of each."""

    first: np.ndarray
    second: np.ndarray
    first_weight: np.ndarray
    """FP32, like the other."""
    second_weight: np.ndarray


def step_of(size: int, result: int, align_corners: bool, scale: float | None) -> float:
    """Return the distance of neighbouring positions in pixels of the input, as PyTorch rounds it.

    Args:
        size: pixels of the input along an axis.
        result: pixels of the output.
        align_corners: whether the outermost pixels have the same places in both.
        scale: the factor that the user gave, if that is to be used.
    """
    if align_corners:
        return float(np.float32(size - 1) / np.float32(result - 1)) if result > 1 else 0.0
    return float(np.float32(1.0 / scale)) if scale else float(np.float32(size) / np.float32(result))


@dataclass(frozen=True)
class Resize(Operator):
    """Interpolates between the four pixels around each position, in each channel.

    Each pixel is weighted with the product of its two weights, rounded to FP32; the four products
    are added from the top left to the bottom right, each fused with its addition.
    """

    name: ClassVar[str] = "resize"
    size: tuple[int, int]
    """Rows, columns of the output."""
    steps: tuple[float, float]
    """Distance of neighbouring rows, columns in pixels of the input: FP32 numbers."""
    align_corners: bool = False
    """Whether positions begin at the first pixel's center, rather than at its edge."""

    def describe(self) -> str:
        """See `Operator.describe`."""
        return "resize, bilinear"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        batch, _, _, channels = inputs[0]
        return batch, *self.size, channels

    def taps(self, axis: int, pixels: int) -> Taps:
        """Return the taps of each position along one axis, by PyTorch's rules.

        Args:
            axis: 0 for rows, 1 for columns.
            pixels: size of the input.
        """
        position = np.arange(self.size[axis])
        if self.size[axis] == pixels:
            return Taps(position, position, *_weights(np.zeros(pixels, np.float32)))
        step, half = np.float32(self.steps[axis]), np.float32(0.5)
        place = position.astype(np.float32)
        place = step * place if self.align_corners else fma(step, place + half, -half)
        place = np.maximum(place, np.float32(0.0))
        first = np.minimum(place.astype(np.int64), pixels - 1)
        second = np.minimum(first + 1, pixels - 1)
        beyond = np.clip(place - first.astype(np.float32), np.float32(0.0), np.float32(1.0))
        return Taps(first, second, *_weights(beyond))

    def factors(self, pixels: Shape) -> tuple[int, int] | None:
        """Return by how much rows and columns grow, if INT8 represents the weights; else None.

        Args:
            pixels: rows, columns of the input.
        """
        found = [size // before for size, before in zip(self.size, pixels, strict=True)]
        grows = [
            size == factor * before and (factor == 1 or factor * step == 1.0)
            for size, before, factor, step in zip(self.size, pixels, found, self.steps, strict=True)
        ]
        if self.align_corners or not all(grows) or not set(found) <= _EXACT_FACTORS:
            return None
        return found[0], found[1]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        values = inputs[0]
        for axis in (0, 1):
            taps = [torch.from_numpy(part) for part in self.taps(axis, values.shape[1 + axis])]
            first, second, *weights = (part.to(values.device) for part in taps)
            left, right = (
                values.index_select(1 + axis, index) * weight.reshape(-1, *[1] * (2 - axis))
                for index, weight in zip((first, second), weights, strict=True)
            )
            values = left + right
        return values

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        (weight, pixels), *others = self._corners(inputs[0])
        with np.errstate(all="ignore"):
            total = weight * pixels
            for weight, pixels in others:
                total = fma(weight, pixels, total)
        return canonicalize(total)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        mean, spread, size = (
            np.sum([weight * pixels for weight, pixels in self._corners(part)], axis=0)
            for part in (inputs[0][0], inputs[0][1], np.abs(inputs[0][0]))
        )
        # A product of weights, a product and up to three additions here; two products and two
        # additions there.
        rounding = 9.0 * ROUNDING * (size + spread)
        if self.factors(inputs[0][0].shape[1:3]) is not None:
            # On the engine, the values of a slice are rounded to a fraction of the largest.
            rounding = rounding + ALIGNMENT * np.abs(inputs[0][0]).max(initial=0.0)
        # PyTorch fuses the multiplication and addition that give a position, or doesn't, depending
        # on how it was compiled.
        corners = [pixels for _, pixels in self._corners(inputs[0][0])]
        slope = np.maximum.reduce(corners) - np.minimum.reduce(corners) + 2.0 * spread
        return mean, spread + rounding + 2.0 * ROUNDING * sum(inputs[0][0].shape[1:3]) * slope

    def _corners(self, maps: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the FP32 weight, (rows, columns, 1), and the values of each of the four pixels."""
        rows, columns = (self.taps(axis, maps.shape[1 + axis]) for axis in (0, 1))
        return [
            ((row_weight[:, None] * weight)[..., None], maps[:, row[:, None], column])
            for row, row_weight in ((rows.first, rows[2]), (rows.second, rows[3]))
            for column, weight in ((columns.first, columns[2]), (columns.second, columns[3]))
        ]

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        batch, height, width, channels = inputs[0]
        taps = [
            f"{{{first}, {second}, {float(a).hex()}f, {float(b).hex()}f}}"
            for axis, pixels in enumerate((height, width))
            for first, second, a, b in zip(*self.taps(axis, pixels), strict=True)
        ]
        arguments = batch, height, width, channels, *self.size
        table = Table("Taps", tuple(taps))
        cycles = batch * math.prod(self.size) * (24.0 + 49 * (channels // 4) + 10 * (channels % 4))
        return Kernel("resize.hpp", "resize", tuple(map(str, arguments)), table, cycles=cycles)

    def shape_text(self, inputs: Sequence[Shape], output: Shape) -> str:
        """Return the dimensions before and after, without a batch of one."""
        return change_text(inputs[0], output)


def _weights(beyond: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of the first and second pixel, given the distance from the first."""
    return np.float32(1.0) - beyond, beyond
