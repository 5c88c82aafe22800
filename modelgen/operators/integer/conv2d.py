"""Convolution of feature maps of 8-bit integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from modelgen.arithmetic.integer.channel_forms import ChannelForms
from modelgen.arithmetic.integer.forms import requantization_forms
from modelgen.arithmetic.integer.ranges import sum_ranges
from modelgen.arithmetic.integer.requantization import Requantization
from modelgen.operators.base import Arrays, Data, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.epilogue import IntegerEpilogue
from modelgen.operators.integer.kernels import (
    LANES,
    cycles_of_lanes,
    factors_of,
    in_lanes,
    output_text,
    taps_inside,
    window_texts,
)
from modelgen.operators.window import Window


@dataclass(frozen=True)
class IntegerConv2d(IntegerOperator):
    """Sums of products of weights with values without their zero point, over a window.

    Constants: `weight` (N, kernel rows, kernel columns, C / groups), INT8; `bias` (N,), INT32; the
    factors of the N channels (`Rounding.constants`). Padding counts as zero.
    """

    name: ClassVar[str] = "integer_conv2d"
    window: Window
    zero_point: int
    """Of the input."""
    requantization: Requantization
    groups: int = 1
    """Groups of channels that do not depend on each other; with C groups, each input channel has
    N / C kernels of its own (depthwise)."""
    epilogue: IntegerEpilogue = field(default_factory=IntegerEpilogue)
    packed: int = 1
    """Positions of a convolution that each of this one gives the results of: see
    `modelgen.passes.pack_pixels`."""
    packed_weights: int = 0
    """Weights of that convolution, without the zeros between; 0: there is none."""
    owns_weights: bool = True
    """Whether these weights are counted here, and not at another part of that convolution."""

    def describe(self) -> str:
        """See `Operator.describe`."""
        kind = "depthwise conv" if self.groups > 1 else "conv"
        size, *rest = self.window.describe()
        clamp = self.requantization.clamp.describe()
        return ", ".join([f"{kind} {size}", *rest, *clamp, *self.epilogue.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        batch, rows, columns, _ = inputs[0]
        rows, columns = self.epilogue.stored(*self.window.outputs(rows, columns))
        return batch, rows, columns, len(constants["weight"])

    def forms(self, constants: Arrays) -> ChannelForms:
        """Return what hardware computes from the sums of each channel, without zero point and
        clamp."""
        ranges = sum_ranges(constants["weight"], self.zero_point, constants["bias"])
        return requantization_forms(self.requantization, constants, *ranges)

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        # FP64 holds all these sums exactly.
        values = inputs[0].astype(np.float64) - self.zero_point
        sums = self._sums(values, constants["weight"].astype(np.float64))
        results = self.requantization.of(sums.astype(np.int64) + constants["bias"], constants)
        return self.epilogue.of(results, inputs[1:], constants)

    def _sums(self, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        if self.groups == values.shape[-1]:
            return self._depthwise(values, weight)
        words = weight.shape[3]
        matrices = weight.reshape(self.groups, len(weight) // self.groups, -1, words)
        total = np.zeros(())
        for index, tap in enumerate(self.window.each_tap(values, 0.0)):
            rows = tap.reshape(-1, self.groups, words).transpose(1, 0, 2)
            total = total + rows @ matrices[:, :, index].transpose(0, 2, 1)
        return total.transpose(1, 0, 2).reshape(*tap.shape[:3], -1)

    def _depthwise(self, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        kernels = weight.reshape(values.shape[-1], -1, self.window.taps)
        taps = enumerate(self.window.each_tap(values, 0.0))
        sums = sum(tap[..., None] * kernels[:, :, index] for index, tap in taps)
        return np.asarray(sums).reshape(*np.shape(sums)[:3], -1)

    def macs(self, inputs: Sequence[Shape], constants: Arrays) -> int:
        """See `IntegerOperator.macs`."""
        batch, rows, columns, _ = inputs[0]
        positions = batch * math.prod(self.window.outputs(rows, columns)) * self.packed
        return positions * (self.packed_weights or constants["weight"].size)

    def weights(self, constants: Arrays) -> int:
        """See `IntegerOperator.weights`."""
        return (self.packed_weights or constants["weight"].size) * self.owns_weights

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel | None:
        """See `Operator.kernel`."""
        images, _, _, channels = inputs[0]
        weight, bias = constants["weight"], constants["bias"].astype("<i4")
        factors = factors_of(
            self.requantization, constants, *sum_ranges(weight, self.zero_point, bias)
        )
        crops = min(self.window.padding) < 0
        if factors is None or crops or self.epilogue != IntegerEpilogue():
            return None
        is_depthwise = self.groups == channels and self.groups > 1
        if is_depthwise:
            data = np.moveaxis(weight[..., 0], 0, -1), bias
        else:
            data = self._in_blocks(weight), self._in_blocks(bias[:, None])
        numbers = images, channels, self.groups, len(weight), self.zero_point
        axes = window_texts(self.window, inputs[0])
        sizes = ", ".join([*axes, *map(str, numbers)])
        requantization = self.requantization
        return Kernel(
            f"int8/{'depthwise' if is_depthwise else 'conv2d'}.hpp",
            f"int8::{'depthwise' if is_depthwise else 'conv2d'}",
            (
                f"heepstor::int8::Convolution{{{sizes}}}",
                output_text(requantization.zero_point, requantization.clamp),
            ),
            data=(
                Data("std::int8_t", data[0]),
                Data("std::int32_t", data[1]),
                factors,
            ),
            cycles=self._cycles(inputs[0], constants, is_depthwise=is_depthwise),
        )

    def _in_blocks(self, values: np.ndarray) -> np.ndarray:
        """Return each group's weights or biases, shape (N, ...), in blocks of lanes."""
        groups = values.reshape(self.groups, len(values) // self.groups, -1)
        return np.concatenate([in_lanes(group).reshape(-1) for group in groups])

    def _cycles(self, shape: Shape, constants: Arrays, *, is_depthwise: bool) -> float:
        """Return the cycles that the kernel takes for maps of a shape."""
        outputs, *_, depth = constants["weight"].shape
        if is_depthwise:
            return cycles_of_lanes(self.window, shape, outputs, 53.0, 4.5)
        rows, columns = taps_inside(self.window, shape)
        sizes = self.window.outputs(shape[1], shape[2])
        is_one_run = self.groups == 1 and self.window.dilation[1] == 1
        loops = rows * (34.0 * sizes[1] + 60.0 * (sizes[1] if is_one_run else columns))
        blocks = self.groups * -(-outputs // self.groups // LANES)
        of_blocks = blocks * (36.0 * math.prod(sizes) + loops + 17.0 * rows * columns * depth)
        return 100.0 + shape[0] * ((60.0 + 53.0 * outputs) * math.prod(sizes) + of_blocks)
