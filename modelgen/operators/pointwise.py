"""Element-wise operators: scale and bias per channel, additions, activation functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.fp32 import canonicalize
from modelgen.operators.base import Arrays, Bounded, Cut, Shape
from modelgen.operators.bounds import RELATIVE
from modelgen.operators.epilogue import Epilogue, Stored

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Pointwise(Stored):
    """Works on each value separately: batch-norm, additions, ReLU and its variants.

    Constants: `scale` and `bias` FP32 (C,), or neither.
    """

    name: ClassVar[str] = "pointwise"
    epilogue: Epilogue = field(default_factory=Epilogue)

    def describe(self) -> str:
        """See `Operator.describe`."""
        return ", ".join(["element-wise", *self.epilogue.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return self.epilogue.shape(inputs[0])

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        values = inputs[0]
        if "scale" in constants:
            values = values * constants["scale"] + constants["bias"]
        return self.epilogue.evaluate_float(values, inputs[1:])

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        scale = constants.get("scale", np.float32(1.0))
        # A bias of -0 leaves zeros their signs.
        bias = constants.get("bias", np.float32(-0.0))
        return self.epilogue.evaluate_exact(canonicalize(inputs[0]), scale, bias, inputs[1:])

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        value, error = inputs[0]
        scale = constants["scale"].astype(np.float64) if "scale" in constants else 1.0
        bias = constants["bias"].astype(np.float64) if "bias" in constants else 0.0
        allowed = error * np.abs(scale)
        allowed = allowed + RELATIVE * (np.abs(value * scale) + np.abs(bias))
        return self.epilogue.error_bound((value * scale + bias, allowed), inputs[1:])
