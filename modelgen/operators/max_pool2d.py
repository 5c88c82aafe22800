"""Max-pooling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.fp32 import canonicalize, maximum
from modelgen.operators.base import Arrays, Bounded, Cut
from modelgen.operators.pooling import Pooling

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class MaxPool2d(Pooling):
    """Takes the largest value of each window and channel; padding never wins."""

    name: ClassVar[str] = "max_pool2d"
    title: ClassVar[str] = "max-pool"

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        maps = self.window.pad(inputs[0], -float("inf"))
        window = self.window
        settings = window.kernel, window.stride, 0, window.dilation
        pooled = torch.nn.functional.max_pool2d(maps, *settings)
        return self.epilogue.evaluate_float(pooled.permute(0, 2, 3, 1), inputs[1:])

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        taps = self.window.each_tap(inputs[0], -np.inf)
        total = canonicalize(next(taps))
        for tap in taps:
            total = maximum(total, canonicalize(tap))
        # A bias of -0 leaves zeros their signs.
        scale, bias = np.float32(1.0), np.float32(-0.0)
        return self.epilogue.evaluate_exact(total, scale, bias, inputs[1:])

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        value, error = (
            np.maximum.reduce(list(self.window.each_tap(part, outside)))
            for part, outside in zip(inputs[0], (-np.inf, 0.0), strict=True)
        )
        return self.epilogue.error_bound((value, error), inputs[1:])
