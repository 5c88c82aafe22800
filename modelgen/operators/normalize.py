"""Normalization of groups of channels: layer norm, group norm, instance norm, RMS norm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.folds import Fold, fold, longest_chain
from modelgen.arithmetic.fp32 import canonicalize
from modelgen.arithmetic.single import fma
from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape
from modelgen.operators.bounds import LARGEST, ROUNDING, SUBNORMAL

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Normalize(Operator):
    """(x - mean) / sqrt(variance + epsilon), times weight, plus bias.

    The first input has the shape (outer, middle, channels). Mean and variance are those of (middle,
    channels of a group), for each `outer` and each group of neighbouring channels. The second
    input, if there is one, is the weight of each channel, the third one the bias.

    The variance is the mean of the squares of x - mean, so that a large mean costs no accuracy.
    """

    name: ClassVar[str] = "normalize"
    groups: int
    epsilon: float
    """Rounded to FP32."""
    centered: bool = True
    """If not, the mean counts as 0: RMS norm."""

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        values, *factors = inputs
        outer, middle, channels = values.shape
        grouped = values.reshape(outer, middle, self.groups, channels // self.groups)
        if self.centered:
            grouped = grouped - grouped.mean((1, 3), keepdim=True)
        variance = (grouped * grouped).mean((1, 3), keepdim=True)
        result = (grouped / (variance + self.epsilon).sqrt()).reshape(values.shape)
        if factors:
            result = result * factors[0]
        return result + factors[1] if len(factors) == 2 else result

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        values, *factors = inputs
        grouped = self._grouped(values)
        with np.errstate(all="ignore"):
            if self.centered:
                grouped = grouped - _mean(grouped, np.add)
            variance = _mean(grouped, lambda total, part: fma(part, part, total))
            factor = np.float32(1.0) / np.sqrt(variance + np.float32(self.epsilon))
            result = (grouped * factor).reshape(values.shape)
            if len(factors) == 1:
                result = result * factors[0]
            if len(factors) == 2:
                result = fma(result, *factors)
        return canonicalize(result)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        (values, errors), *factors = inputs
        result, error = self._bounded(self._grouped(values), self._grouped(errors))
        result, error = result.reshape(values.shape), error.reshape(values.shape)
        if factors:
            weight, weight_error = factors[0]
            error = error * (np.abs(weight) + weight_error) + np.abs(result) * weight_error
            result = result * weight
        if len(factors) == 2:
            bias, bias_error = factors[1]
            result, error = result + bias, error + bias_error
            error = error + 2.0 * ROUNDING * (np.abs(result) + np.abs(bias))
        return result, error + 2.0 * ROUNDING * np.abs(result) + SUBNORMAL

    def _bounded(self, values: np.ndarray, errors: np.ndarray) -> Bounded:
        """Return groups normalized in FP64, and the bound on the difference of the two sides."""
        _, middle, _, width = values.shape
        chain = 2.0 * ROUNDING * (longest_chain(max(middle, width)) + min(middle, width) + 4)
        mean = _average(values) if self.centered else np.zeros_like(_average(values))
        difference = values - mean
        deviation = np.sqrt(_average(difference**2) + self.epsilon)
        result = difference / deviation
        # How far x - mean may be off; and the deviation, a norm of all x - mean.
        moved = errors + 4.0 * ROUNDING * np.abs(values)
        if self.centered:
            moved = moved + _average(errors) + chain * _average(np.abs(values))
        deviation_moved = np.sqrt(_average(moved**2))
        smallest = np.maximum(deviation - deviation_moved, self.epsilon**0.5)
        spread = (moved + np.abs(result) * deviation_moved) / smallest
        # PyTorch may give NaN where the sum of squares overflows, depending on how it adds.
        overflows = middle * width * _average(values**2) > LARGEST
        return result, np.where(overflows, np.inf, spread + chain * (np.abs(result) + spread))

    def _grouped(self, values: np.ndarray) -> np.ndarray:
        """Return values as (outer, middle, groups, channels of a group)."""
        outer, middle, channels = values.shape
        return values.reshape(outer, middle, self.groups, channels // self.groups)

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        sizes = ", ".join(map(str, (*inputs[0], self.groups)))
        epsilon = f"{float(np.float32(self.epsilon)).hex()}f"
        function = f"normalize<{str(self.centered).lower()}>"
        cycles = self._cycles(inputs[0], len(inputs) - 1)
        return Kernel("normalize.hpp", function, (f"{{{sizes}}}", epsilon), cycles=cycles)

    def _cycles(self, shape: Shape, factors: int) -> float:
        """Return the cycles of a call: of groups, of runs of values in them, and of values."""
        outer, middle, channels = shape
        width = channels // self.groups
        of_value = 13.1 + 1.85 * factors + (5.5 if middle > width else 0.0)
        of_run = 110.0 + max(middle, width) * of_value
        if not self.centered:
            of_run -= 45.0 + 3.5 * max(middle, width)
        return outer * self.groups * (60.0 + min(middle, width) * of_run)

    def shape_text(self, inputs: Sequence[Shape], output: Shape) -> str:
        """Return the three dimensions, and the number of groups if there are several."""
        sizes = " x ".join(map(str, output))
        return sizes if self.groups == 1 else f"{sizes}, {self.groups} groups"


def _average(values: np.ndarray) -> np.ndarray:
    """Return the average of each group, to be broadcast."""
    return np.asarray(values.mean(axis=(1, 3), keepdims=True))


def _mean(grouped: np.ndarray, include: Fold) -> np.ndarray:
    """Return the mean of a function of the values of each group, to be broadcast, bit for bit.

    The longer one of the two dimensions is folded; what results is added in sequence.
    """
    _, middle, _, width = grouped.shape
    runs = np.moveaxis(grouped, (1, 3) if middle > width else (3, 1), (0, 1))
    sums = fold(runs, 0.0, include, np.add)
    total = np.zeros(sums.shape[1:], np.float32)
    for part in sums:
        total = total + part
    return (total * (np.float32(1.0) / np.float32(middle * width)))[:, None, :, None]
