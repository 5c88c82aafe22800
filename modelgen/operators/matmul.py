"""Products of matrices, both of which are activations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.fp32 import canonicalize
from modelgen.arithmetic.single import fma
from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape, Table
from modelgen.operators.bounds import ROUNDING, SUBNORMAL
from modelgen.operators.broadcast import broadcast_loops

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class MatMul(Operator):
    """Multiplies matrices (..., M, K) by (..., K, N); the dimensions before them are broadcast.

    Each result is a chain of K fused multiply-additions with ascending k, beginning with 0.
    """

    name: ClassVar[str] = "matmul"
    transposed: bool = False
    """Whether the second input's matrices are (N, K)."""

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        left, right = inputs
        columns = right[-2] if self.transposed else right[-1]
        return (*np.broadcast_shapes(left[:-2], right[:-2]), left[-2], columns)

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        left, right = inputs
        return left @ (right.transpose(-1, -2) if self.transposed else right)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        left, right = inputs[0], self._untransposed(inputs[1])
        total = np.zeros(self.infer_shape([value.shape for value in inputs], {}), np.float32)
        with np.errstate(all="ignore"):
            for k in range(left.shape[-1]):
                total = fma(left[..., :, k, None], right[..., k, None, :], total)
        return canonicalize(total)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        left, left_error = inputs[0]
        right, right_error = map(self._untransposed, inputs[1])
        left_size, right_size = np.abs(left), np.abs(right)
        spread = left_error @ (right_size + right_error) + left_size @ right_error
        magnitude = (left_size + left_error) @ (right_size + right_error)
        # Each of K additions rounds, on the device and in PyTorch.
        roundings = 2.0 * left.shape[-1]
        return left @ right, spread + roundings * (ROUNDING * magnitude + SUBNORMAL)

    def _untransposed(self, right: np.ndarray) -> np.ndarray:
        return right.swapaxes(-1, -2) if self.transposed else right

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        left, right = inputs
        *_, rows, columns = self.infer_shape(inputs, {})
        sizes = math.prod(left[-2:]), math.prod(right[-2:]), rows * columns
        loops = [loop for loop in broadcast_loops([left[:-2], right[:-2]]) if loop.size > 1]
        table = Table("Loop", tuple(loop.scaled(sizes).initializer() for loop in loops))
        function = f"matmul<{str(self.transposed).lower()}>"
        shape = f"{{{rows}, {left[-1]}, {columns}}}"
        cycles = math.prod(loop.size for loop in loops) * self._cycles(rows, left[-1], columns)
        return Kernel("matmul.hpp", function, (shape,), table if loops else None, cycles=cycles)

    def _cycles(self, rows: int, depth: int, columns: int) -> float:
        """Return the cycles of a product: of blocks of 4 x 4 results, and of what is left over."""
        of_block, of_row, of_column = (41.5, 18.6, 19.4) if self.transposed else (38.0, 14.2, 20.3)
        down, across = rows // 4, columns // 4
        return (
            60.0
            + across * down * (40.0 + of_block * depth)
            + rows % 4 * across * (25.0 + of_row * depth)
            + down * (columns % 4) * (30.0 + of_column * depth)
            + (rows % 4) * (columns % 4) * (20.0 + 9.0 * depth)
        )

    def shape_text(self, inputs: Sequence[Shape], output: Shape) -> str:
        """Return M x K x N, and the number of products if there are several."""
        batches = math.prod(output[:-2])
        sizes = f"{output[-2]} x {inputs[0][-1]} x {output[-1]}"
        return sizes if batches == 1 else f"{batches} of {sizes}"
