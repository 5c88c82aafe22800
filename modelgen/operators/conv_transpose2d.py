"""Transposed convolution over feature maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Bounded, Cut, Shape
from modelgen.operators.epilogue import Epilogue, Stored
from modelgen.operators.products import bounded_products
from modelgen.operators.window import channels_first, pair_text

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ConvTranspose2d(Stored):
    """Adds the kernel, times each pixel, to the output around the pixel's place.

    It exists in float graphs only: a pass makes it a convolution (`expand_transposed`).

    Constants: `weight` (N, kernel rows, kernel columns, C / groups), FP32; `bias` (N,), optional.
    """

    name: ClassVar[str] = "conv_transpose2d"
    stride: tuple[int, int] = (1, 1)
    """Pixels of the output between neighbours of the input: rows, columns, like all pairs here."""
    padding: tuple[int, int] = (0, 0)
    """Pixels cut off on each side of the whole result."""
    output_padding: tuple[int, int] = (0, 0)
    """Pixels more at the bottom and on the right."""
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    epilogue: Epilogue = field(default_factory=Epilogue)

    def describe(self) -> str:
        """See `Operator.describe`."""
        parts = ["transposed conv"]
        if self.stride != (1, 1):
            parts.append(f"stride {pair_text(self.stride)}")
        return ", ".join([*parts, *self.epilogue.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        batch, rows, columns, _ = inputs[0]
        outputs, *kernel, _ = constants["weight"].shape
        size = (self._along(axis, (rows, columns)[axis], kernel[axis]) for axis in (0, 1))
        return self.epilogue.shape((batch, *size, outputs))

    def _along(self, axis: int, size: int, kernel: int) -> int:
        reach = (kernel - 1) * self.dilation[axis] + 1
        whole = (size - 1) * self.stride[axis] + reach
        return whole - 2 * self.padding[axis] + self.output_padding[axis]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        result = self._transposed(inputs[0], constants["weight"], constants.get("bias"))
        return self.epilogue.evaluate_float(result, inputs[1:])

    def _transposed(
        self, values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        """Return the result of PyTorch's operator, whose weights are (C, N / groups, ...)."""
        import torch

        outputs, rows, columns, words = weight.shape
        grouped = weight.reshape(self.groups, outputs // self.groups, rows, columns, words)
        kernels = grouped.permute(0, 4, 1, 2, 3).reshape(-1, outputs // self.groups, rows, columns)
        maps = torch.nn.functional.conv_transpose2d(
            channels_first(values),
            kernels,
            bias,
            self.stride,
            self.padding,
            self.output_padding,
            self.groups,
            self.dilation,
        )
        return maps.permute(0, 2, 3, 1)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        raise AssertionError("transposed convolutions are expanded before they are quantized")

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        bounded = bounded_products(constants, inputs[0], self._sums)
        return self.epilogue.error_bound(bounded, inputs[1:])

    def _sums(self, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        import torch

        return self._transposed(torch.from_numpy(values), torch.from_numpy(weight), None).numpy()
