"""Sum of two tensors of 8-bit integers, computed in FP32 as ONNX Runtime does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, TypeVar

import numpy as np

from modelgen.arithmetic.integer.fp32_rules import fp32_sum, sum_factors
from modelgen.arithmetic.integer.quantization import Quantization, fp32_text
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.sum_form import SumForm, every_pair, form_of_results
from modelgen.operators.base import Arrays, Kernel, Shape
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.kernels import element_wise, output_text

_Any = TypeVar("_Any")


@dataclass(frozen=True)
class Fp32Add(IntegerOperator):
    """Adds tensors with scales of their own, whose shapes broadcast, in FP32."""

    name: ClassVar[str] = "fp32_add"
    first: Quantization
    """Of the first input."""
    second: Quantization
    result: Quantization
    offset: int = 0
    """See `modelgen.arithmetic.integer.fp32_rules`."""
    clamp: Clamp = field(default_factory=Clamp)
    swaps: bool = False
    """Whether the node's first input is the second operand. Roundings depend on their order."""

    @property
    def zero_points(self) -> tuple[int, int]:
        """Of both inputs."""
        first, second = self._in_order((self.first, self.second))
        return first.zero_point, second.zero_point

    @property
    def output_zero_point(self) -> int:
        """Of the sum."""
        return self.result.zero_point

    def _in_order(self, pair: Sequence[_Any]) -> Sequence[_Any]:
        """Return something of both inputs in the order of the operands, or the other way round."""
        return pair[::-1] if self.swaps else pair

    def swapped(self) -> Fp32Add:
        """See `IntegerAdd.swapped`."""
        return replace(self, swaps=not self.swaps)

    def form(self) -> SumForm | None:
        """See `IntegerAdd.form`."""
        given = self.first, self.second
        pairs = every_pair((0, 0))
        results = fp32_sum(*pairs, given, self.result, self.offset) - self.result.zero_point
        left, right, _ = sum_factors(given, self.result, self.offset)
        factors = np.array(self._in_order((left, right)), np.float64)
        limits = self.clamp.without(self.result.zero_point)
        ordered = results.T if self.swaps else results
        return form_of_results(ordered, factors, self.zero_points, *limits)

    def describe(self) -> str:
        """See `Operator.describe`."""
        return ", ".join(["add", *self.clamp.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return np.broadcast_shapes(*inputs)

    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """See `IntegerOperator.compute`."""
        given = self.first, self.second
        first, second = self._in_order(inputs)
        return self.clamp.of(fp32_sum(first, second, given, self.result, self.offset))

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel | None:
        """See `Operator.kernel`; none for swapped operands, which only layers add themselves."""
        if self.swaps:
            return None
        left, right, fixed = sum_factors((self.first, self.second), self.result, self.offset)
        numbers = ", ".join([*map(fp32_text, (left, right, fixed)), str(self.offset)])
        output = output_text(-self.offset, self.clamp)
        arguments = f"heepstor::int8::Fp32Sum{{{numbers}}}", output
        return element_wise("fp32_add", inputs, arguments, (), 32.2)
