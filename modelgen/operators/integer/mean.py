"""Means of 8-bit integers over some dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.channel_forms import ChannelForms
from modelgen.arithmetic.integer.forms import multiplier_form
from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST, Clamp
from modelgen.arithmetic.integer.sums import scaled
from modelgen.operators.base import Arrays, Kernel, Shape, Table
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.kernels import factor_text, output_text


@dataclass(frozen=True)
class IntegerMean(IntegerOperator):
    """Adds values without their zero point and multiplies the sums, which averages them."""

    name: ClassVar[str] = "integer_mean"
    axes: tuple[int, ...]
    """Dimensions over which it averages; each keeps one element."""
    zero_point: int
    """Of the input."""
    multiplier: Multiplier
    """Of the sums: see `modelgen.arithmetic.integer.means`."""
    output_zero_point: int

    def describe(self) -> str:
        """See `Operator.describe`."""
        return f"mean over {', '.join(map(str, self.axes))}"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return tuple(1 if axis in self.axes else size for axis, size in enumerate(inputs[0]))

    def form(self, shape: Shape) -> ChannelForms:
        """Return what hardware computes from sums of values without their zero point, without the
        output's zero point and clamp: one form for all channels.

        Args:
            shape: of the input.
        """
        count = math.prod(shape[axis] for axis in self.axes)
        lowest, highest = (count * (end - self.zero_point) for end in (LOWEST, HIGHEST))
        return multiplier_form(self.multiplier, lowest, highest, self.output_zero_point, Clamp())

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        values = inputs[0].astype(np.int64) - self.zero_point
        sums = values.sum(axis=self.axes, keepdims=True)
        return Clamp().of(scaled(sums, self.multiplier) + self.output_zero_point)

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel | None:
        """See `Operator.kernel`."""
        shape = inputs[0]
        factor = factor_text(self.multiplier)
        if factor is None:
            return None
        kept, averaged = self._extents(shape)
        count = math.prod(size for size, _ in averaged)
        results = math.prod(size for size, _ in kept)
        table = Table("int8::Extent", tuple(f"{{{s}, {step}}}" for s, step in (*kept, *averaged)))
        offset = str(count * self.zero_point)
        output = output_text(self.output_zero_point, Clamp())
        return Kernel(
            "int8/mean.hpp",
            "int8::mean",
            (str(len(kept)), offset, factor, output),
            table,
            cycles=50.0 + results * (40.0 + 9.3 * count),
        )

    def _extents(self, shape: Shape) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return sizes and strides of the dimensions that it keeps, and of the others, merged."""
        kept: list[tuple[int, int]] = []
        averaged: list[tuple[int, int]] = []
        for axis, (size, stride) in enumerate(zip(shape, _strides(shape), strict=True)):
            extents = averaged if axis in self.axes else kept
            if extents and extents[-1][1] == size * stride:
                extents[-1] = extents[-1][0] * size, stride
            else:
                extents.append((size, stride))
        return kept or [(1, 0)], averaged or [(1, 0)]


def _strides(shape: Shape) -> list[int]:
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
