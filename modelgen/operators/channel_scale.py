"""Each channel times a factor that the network has computed, as squeeze-and-excitation does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.fp32 import canonicalize
from modelgen.operators.base import Arrays, Bounded, Cut, Shape
from modelgen.operators.binary import bounded_multiply
from modelgen.operators.epilogue import Epilogue, Stored

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ChannelScale(Stored):
    """Inputs: x (..., C), C factors, and the epilogue's operand if it has one."""

    name: ClassVar[str] = "channel_scale"
    epilogue: Epilogue = field(default_factory=Epilogue)

    def describe(self) -> str:
        """See `Operator.describe`."""
        return ", ".join(["scale channels", *self.epilogue.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return self.epilogue.shape(inputs[0])

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        return self.epilogue.evaluate_float(inputs[0] * inputs[1].reshape(-1), inputs[2:])

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        values, factors = canonicalize(inputs[0]), inputs[1].reshape(-1)
        return self.epilogue.evaluate_exact(values, factors, np.float32(-0.0), inputs[2:])

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        value, error = inputs[1]
        factors = value.reshape(-1), error.reshape(-1)
        return self.epilogue.error_bound(bounded_multiply(inputs[0], factors), inputs[2:])
