"""Arithmetic on two tensors, element by element."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from modelgen.arithmetic.folds import larger, smaller
from modelgen.arithmetic.fp32 import canonicalize
from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape, Table
from modelgen.operators.bounds import ROUNDING, SUBNORMAL
from modelgen.operators.broadcast import Loop, broadcast_loops, with_a_long_run

if TYPE_CHECKING:
    import torch

_TORCH = {"equal": "eq"}
"""Functions that have another name in torch."""
_UNROLLED_RUN = 16
"""Longest run that the C++ compiler makes a sequence of."""


@dataclass(frozen=True)
class Binary(Operator):
    """A function of the elements of two tensors, which are broadcast against each other.

    Arithmetic gives no NaN but the canonical one. Minimum and maximum give one of the operands, bit
    for bit: a NaN if there is one, and the left operand if both are equal.
    """

    name: ClassVar[str] = "binary"
    kind: str
    """add, subtract, multiply, divide, maximum, minimum, prelu (left * right where left < 0); or a
    comparison, which gives 1 or 0: less, less_equal, equal."""

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return np.broadcast_shapes(*inputs)

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        left, right = inputs
        if self.kind == "prelu":
            return torch.where(left > 0, left, left * right)
        function: Callable[..., torch.Tensor] = getattr(torch, _TORCH.get(self.kind, self.kind))
        return function(left, right).to(torch.float32)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        with np.errstate(all="ignore"):
            return _FUNCTIONS[self.kind].exact(*inputs)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`. The bound is infinite where a divisor may be 0."""
        with np.errstate(all="ignore"):
            return _FUNCTIONS[self.kind].bounded(*inputs)

    def describe(self) -> str:
        """See `Operator.describe`."""
        return self.kind

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        *outer, run = with_a_long_run(broadcast_loops(inputs))
        function = _FUNCTIONS[self.kind].kernel
        template = ", ".join([f"heepstor::{function}", *map(str, run.strides)])
        table = Table("Loop", tuple(loop.initializer() for loop in outer)) if outer else None
        cycles = _cycles(_FUNCTIONS[self.kind].cycles, outer, run)
        return Kernel("binary.hpp", f"binary<{template}>", (str(run.size),), table, cycles=cycles)

    def shape_text(self, inputs: Sequence[Shape], output: Shape) -> str:
        """Return the dimensions of both operands."""
        return ", ".join(" x ".join(map(str, shape)) or "1" for shape in inputs)


def _cycles(of_function: float, outer: list[Loop], run: Loop) -> float:
    """Return the cycles of a call: of each element, and of the loops around a run of them."""
    repeats = math.prod(loop.size for loop in outer)
    if run.size <= _UNROLLED_RUN:
        # In several loops the compiler calls a function for each run.
        of_run = 55.0 if len(outer) > 1 else 0.0
        return 30.0 + repeats * (of_run + run.size * (3.5 + of_function))
    of_element = of_function + (5.5 if run.strides == (1, 1, 1) else 4.3)
    return 30.0 + repeats * (20.0 * len(outer) + run.size * of_element)


def _rounded(value: np.ndarray, error: np.ndarray) -> Bounded:
    """Return a result, and the bound on its error when each side rounds what it computes.

    Infinite results, such as those of masks, are the same on both sides.
    """
    allowed = error + 2.0 * ROUNDING * (np.abs(value) + error) + SUBNORMAL
    return value, np.where(np.isinf(value), 0.0, allowed)


def _bounded_add(left: Bounded, right: Bounded) -> Bounded:
    return _rounded(left[0] + right[0], left[1] + right[1])


def _bounded_subtract(left: Bounded, right: Bounded) -> Bounded:
    return _rounded(left[0] - right[0], left[1] + right[1])


def bounded_multiply(left: Bounded, right: Bounded) -> Bounded:
    """Return a product, and a bound on its error."""
    (a, a_error), (b, b_error) = left, right
    return _rounded(a * b, np.abs(a) * b_error + np.abs(b) * a_error + a_error * b_error)


def _bounded_divide(left: Bounded, right: Bounded) -> Bounded:
    (a, a_error), (b, b_error) = left, right
    smallest = np.abs(b) - b_error
    value, error = _rounded(a / b, (a_error + np.abs(a / b) * b_error) / smallest)
    return value, np.where(smallest > 0.0, error, np.inf)


def _bounded_maximum(left: Bounded, right: Bounded) -> Bounded:
    return np.maximum(left[0], right[0]), np.maximum(left[1], right[1])


def _bounded_minimum(left: Bounded, right: Bounded) -> Bounded:
    return np.minimum(left[0], right[0]), np.maximum(left[1], right[1])


def _bounded_prelu(left: Bounded, right: Bounded) -> Bounded:
    value, error = left
    product, product_error = bounded_multiply(left, right)
    # Near 0, where the sides may differ in sign, the steeper branch limits the difference.
    spread = np.where(value > error, error, np.maximum(error, product_error))
    return np.where(value > 0.0, value, product), np.where(value < -error, product_error, spread)


def _bounded_comparison(left: Bounded, right: Bounded, result: np.ndarray) -> Bounded:
    spread = left[1] + right[1]
    may_differ = (spread > 0.0) & (np.abs(left[0] - right[0]) <= spread)
    return result.astype(np.float64), may_differ.astype(np.float64)


_Exact = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _arithmetic(function: _Exact) -> _Exact:
    """Return a function whose only NaN is the canonical one."""
    return lambda left, right: canonicalize(function(left, right))


def _comparison(kernel: str, function: _Exact) -> _Function:
    """Return a function that gives 1 where the operands compare, else 0."""
    return _Function(
        kernel,
        lambda left, right: function(left, right).astype(np.float32),
        lambda left, right: _bounded_comparison(left, right, function(left[0], right[0])),
        1.1,
    )


class _Function(NamedTuple):
    """A function of two elements."""

    kernel: str
    """Its name in heepstor/binary.hpp."""
    exact: _Exact
    bounded: Callable[[Bounded, Bounded], Bounded]
    cycles: float
    """Cycles that it takes beyond those of a sum."""


_FUNCTIONS = {
    "add": _Function("Add", _arithmetic(np.add), _bounded_add, 0.0),
    "subtract": _Function("Subtract", _arithmetic(np.subtract), _bounded_subtract, 0.0),
    "multiply": _Function("Multiply", _arithmetic(np.multiply), bounded_multiply, 0.0),
    "divide": _Function("Divide", _arithmetic(np.divide), _bounded_divide, 16.5),
    "maximum": _Function("Maximum", larger, _bounded_maximum, 6.0),
    "minimum": _Function("Minimum", smaller, _bounded_minimum, 6.0),
    "prelu": _Function(
        "PRelu",
        _arithmetic(lambda left, right: np.where(left > 0, left, left * right)),
        _bounded_prelu,
        4.4,
    ),
    "less": _comparison("Less", np.less),
    "less_equal": _comparison("LessEqual", np.less_equal),
    "equal": _comparison("Equal", np.equal),
}
