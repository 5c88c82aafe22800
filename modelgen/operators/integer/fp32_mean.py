"""Means of 8-bit integers over some dimensions, computed in FP32 as ONNX Runtime does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.channel_forms import ChannelForms
from modelgen.arithmetic.integer.forms import requantization_forms
from modelgen.arithmetic.integer.quantization import Quantization, fp32_text
from modelgen.arithmetic.integer.requantization import (
    HIGHEST,
    LOWEST,
    Clamp,
    Requantization,
    Rounding,
)
from modelgen.arithmetic.integer.rounding import round_half_even
from modelgen.operators.base import Arrays, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.kernels import averaging, output_text


@dataclass(frozen=True)
class Fp32Mean(IntegerOperator):
    """Adds values without their zero point, and multiplies the sums by an FP32 factor."""

    name: ClassVar[str] = "fp32_mean"
    axes: tuple[int, ...]
    """Dimensions over which it averages; each keeps one element."""
    given: Quantization
    result: Quantization

    def describe(self) -> str:
        """See `Operator.describe`."""
        return f"mean over {', '.join(map(str, self.axes))}"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return tuple(1 if axis in self.axes else size for axis, size in enumerate(inputs[0]))

    @property
    def zero_point(self) -> int:
        """Of the input."""
        return self.given.zero_point

    @property
    def output_zero_point(self) -> int:
        """Of the means."""
        return self.result.zero_point

    def form(self, shape: Shape) -> ChannelForms:
        """See `IntegerMean.form`."""
        count = math.prod(shape[axis] for axis in self.axes)
        lowest, highest = (np.array([count * (end - self.zero_point)]) for end in (LOWEST, HIGHEST))
        rule = Requantization(Rounding.HALF_EVEN, self.output_zero_point)
        scale = {"scale": np.array([self._factor(count)], np.float32)}
        return requantization_forms(rule, scale, lowest, highest)

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        count = math.prod(inputs[0].shape[axis] for axis in self.axes)
        values = inputs[0].astype(np.int64) - self.given.zero_point
        sums = values.sum(axis=self.axes, keepdims=True)
        factor = np.asarray(self._factor(count))
        return Clamp().of(round_half_even(sums, factor) + self.result.zero_point)

    def _factor(self, count: int) -> np.float32:
        """Return the factor of sums, as ONNX Runtime computes it."""
        return self.given.single / (self.result.single * np.float32(count))

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        count = math.prod(inputs[0][axis] for axis in self.axes)
        factor = f"heepstor::int8::SingleFactor{{{fp32_text(self._factor(count))}}}"
        output = output_text(self.result.zero_point, Clamp())
        cycles = 85.0, 7.0
        return averaging(
            inputs[0], self.axes, self.given.zero_point, (factor, output), cycles=cycles
        )
