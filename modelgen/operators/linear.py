"""Matrix product with weights, over the last dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Bounded, Cut, Shape
from modelgen.operators.epilogue import Epilogue, Stored
from modelgen.operators.products import bounded_products, scaled, sliced

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Linear(Stored):
    """Multiplies rows of K values by N columns of weights.

    Constants: `weight` (N, K), FP32 or quantized to INT8 with a `scale` (N,); `bias` (N,), which is
    optional with floating-point weights.
    """

    name: ClassVar[str] = "linear"
    epilogue: Epilogue = field(default_factory=Epilogue)

    def describe(self) -> str:
        """See `Operator.describe`."""
        return ", ".join(["linear", *self.epilogue.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return (*inputs[0][:-1], len(constants["weight"]))

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        values = inputs[0]

        def product(weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
            rows = values.reshape(-1, weight.shape[1])
            return torch.nn.functional.linear(rows, weight, bias)

        totals = scaled(constants, product).reshape(*values.shape[:-1], -1)
        return self.epilogue.evaluate_float(totals, inputs[1:])

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        weight = constants["weight"]
        totals = sliced(inputs[0].reshape(-1, weight.shape[1]), weight, cut)
        factors = constants["scale"], constants["bias"]
        return self.epilogue.evaluate_exact(totals, *factors, inputs[1:])

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        bounded = bounded_products(constants, inputs[0], _sums)
        return self.epilogue.error_bound(bounded, inputs[1:])


def _sums(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return values.reshape(-1, weight.shape[1]) @ weight.T
