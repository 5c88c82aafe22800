"""Sums, means, products and extrema over a dimension."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from modelgen.arithmetic.folds import Fold, fold, larger, longest_chain, smaller
from modelgen.arithmetic.fp32 import fp32_mul
from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape
from modelgen.operators.bounds import LARGEST, ROUNDING, SUBNORMAL

if TYPE_CHECKING:
    import torch


class _Kind(NamedTuple):
    """How values are folded."""

    torch: str
    """Name of the function in torch."""
    kernel: str
    """Name of the function of two values in heepstor/binary.hpp."""
    identity: float
    exact: Fold
    cycles: tuple[float, float] = (38.0, 4.6)
    """Of a result, and of each value that it is made of."""


_KINDS = {
    "sum": _Kind("sum", "Add", 0.0, np.add),
    "mean": _Kind("mean", "Add", 0.0, np.add),
    "product": _Kind("prod", "Multiply", 1.0, np.multiply),
    "maximum": _Kind("amax", "Maximum", -np.inf, larger, (60.0, 10.1)),
    "minimum": _Kind("amin", "Minimum", np.inf, smaller, (60.0, 10.1)),
}


@dataclass(frozen=True)
class Reduce(Operator):
    """Reduces the second of three dimensions: (outer, middle, inner) becomes (outer, inner).

    Values are folded in four interleaved chains, see `modelgen.arithmetic.folds`; a mean is a sum
    times 1 / middle. Results that are NaN are the canonical NaN.
    """

    name: ClassVar[str] = "reduce"
    kind: str
    """sum, mean, product, maximum or minimum."""

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        outer, _, inner = inputs[0]
        return outer, inner

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        function: Callable[..., torch.Tensor] = getattr(torch, _KINDS[self.kind].torch)
        return function(inputs[0], dim=1)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        kind = _KINDS[self.kind]
        values = inputs[0]
        factor = 1.0 / np.float32(values.shape[1]) if self.kind == "mean" else np.float32(1.0)
        return fp32_mul(fold(values.swapaxes(0, 1), kind.identity, kind.exact), factor)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        value, error = inputs[0]
        if self.kind == "maximum":
            return value.max(axis=1), error.max(axis=1)
        if self.kind == "minimum":
            return value.min(axis=1), error.max(axis=1)
        if self.kind == "product":
            return _bounded_product(value, error)
        return _bounded_sum(value, error, 1.0 / value.shape[1] if self.kind == "mean" else 1.0)

    def describe(self) -> str:
        """See `Operator.describe`."""
        return self.kind

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        sizes = ", ".join(map(str, inputs[0]))
        factor = f"1.0f / {inputs[0][1]}" if self.kind == "mean" else "1.0f"
        function = f"reduce<heepstor::{_KINDS[self.kind].kernel}>"
        outer, middle, inner = inputs[0]
        begin, each = _KINDS[self.kind].cycles
        cycles = outer * inner * (begin + each * middle + 5.0 * (middle % 4))
        return Kernel("reduce.hpp", function, (f"{{{sizes}}}", factor), cycles=cycles)

    def shape_text(self, inputs: Sequence[Shape], output: Shape) -> str:
        """Return the three dimensions, of which the second one is reduced."""
        return " x ".join(map(str, inputs[0]))


def _bounded_sum(value: np.ndarray, error: np.ndarray, factor: float) -> Bounded:
    # The device's chains are no shorter than those of PyTorch, which sums in cascades.
    roundings = 2.0 * (longest_chain(value.shape[1]) + 2)
    magnitude = (np.abs(value) + error).sum(axis=1)
    allowed = factor * (error.sum(axis=1) + roundings * ROUNDING * magnitude) + SUBNORMAL
    return factor * value.sum(axis=1), _unless_overflowing(allowed, magnitude)


def _bounded_product(value: np.ndarray, error: np.ndarray) -> Bounded:
    smallest, largest = np.abs(value).prod(axis=1), (np.abs(value) + error).prod(axis=1)
    roundings = 2.0 * value.shape[1]
    # A partial product may be subnormal, and what follows may be large.
    most = np.maximum(np.abs(value) + error, 1.0).prod(axis=1)
    allowed = largest - smallest + roundings * (ROUNDING * largest + SUBNORMAL * most)
    return value.prod(axis=1), _unless_overflowing(allowed, most)


def _unless_overflowing(allowed: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Return a bound, infinite where partial results, at most `most`, overflow in some order."""
    return np.where(most > LARGEST, np.inf, allowed)
