"""Average pooling of 8-bit integers, computed in FP32 as ONNX Runtime does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.fp32_rules import fp32_average
from modelgen.arithmetic.integer.quantization import Quantization, fp32_text
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.operators.base import Arrays, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.kernels import output_text, taps_inside, window_texts
from modelgen.operators.window import Window


@dataclass(frozen=True)
class Fp32AvgPool2d(IntegerOperator):
    """Averages the values of each window and channel, in the order of its taps."""

    name: ClassVar[str] = "fp32_avg_pool2d"
    window: Window
    counts_padding: bool
    """Whether averages are of all taps; else of those inside the map."""
    given: Quantization
    result: Quantization
    offset: int = 0
    """See `modelgen.arithmetic.integer.fp32_rules`."""

    def describe(self) -> str:
        """See `Operator.describe`."""
        size, *rest = self.window.describe()
        return ", ".join([f"avg-pool {size}", *rest])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        batch, rows, columns, channels = inputs[0]
        return batch, *self.window.outputs(rows, columns), channels

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        values = inputs[0].astype(np.int64) - self.given.zero_point
        inside = np.ones((1, *values.shape[1:3], 1), np.int64)
        outside = 1 if self.counts_padding else 0
        counts = np.asarray(sum(self.window.each_tap(inside, outside)))
        taps = self.window.each_tap(values, 0)
        return Clamp().of(fp32_average(taps, counts, self.given, self.result, self.offset))

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        images, *_, channels = inputs[0]
        sizes = ", ".join([*window_texts(self.window, inputs[0]), str(images), str(channels)])
        scales = map(fp32_text, (self.given.single, self.result.single))
        added = fp32_text(float(self.result.zero_point + self.offset))
        taps = self.window.taps if self.counts_padding else 0
        numbers = ", ".join([*scales, added, str(self.given.zero_point), str(taps)])
        return Kernel(
            "int8/pool.hpp",
            "int8::fp32_average",
            (
                f"heepstor::int8::Pooling{{{sizes}}}",
                f"heepstor::int8::Fp32Average{{{numbers}}}",
                output_text(-self.offset, Clamp()),
            ),
            cycles=self._cycles(inputs[0]),
        )

    def _cycles(self, shape: Shape) -> float:
        """Return the cycles on maps of a shape."""
        images, *_, channels = shape
        rows, columns = taps_inside(self.window, shape)
        height, width = self.window.outputs(*shape[1:3])
        of_channel = 58.0 * height * width + 5.0 * rows * width + 14.2 * rows * columns
        return 100.0 + images * (300.0 * height * width + channels * of_channel)
