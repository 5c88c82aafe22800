"""What happens to each result of an integer operator before it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from modelgen.arithmetic.integer.byte_tables import look_up
from modelgen.operators.base import Arrays
from modelgen.operators.integer.add import IntegerAdd
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.fp32_add import Fp32Add
from modelgen.operators.window import pair_text

Sum = IntegerAdd | Fp32Add
"""The sum of two tensors, by one of the rules."""
_NO_POOL = (1, 1)


@dataclass(frozen=True)
class IntegerEpilogue:
    """Max-pooling, a sum and a function, in this order, after requantization."""

    pool: tuple[int, int] = _NO_POOL
    """Rows, columns of the max-pooling windows, which do not overlap."""
    addition: Sum | None = None
    """What the node's last input is added by: the second operand, of the shape of the results."""
    function: str = ""
    """Title of the function of which the node has a constant `table`, as `ByteTable` does."""

    @property
    def reads_operand(self) -> bool:
        """Whether the node's last input is added."""
        return self.addition is not None

    def stored(self, rows: int, columns: int) -> tuple[int, int]:
        """Return the rows and columns of what is stored, given those of the results."""
        return rows // self.pool[0], columns // self.pool[1]

    def describe(self) -> list[str]:
        """Return a short description of each part."""
        parts = [f"max-pool {pair_text(self.pool)}"] if self.pool != _NO_POOL else []
        parts += [] if self.addition is None else [self.addition.describe()]
        return parts + ([self.function] if self.function else [])

    def of(
        self, results: np.ndarray, operands: Sequence[np.ndarray], constants: Arrays
    ) -> np.ndarray:
        """Return what is stored, INT8.

        Args:
            results: INT8, shape (batch, rows, columns, N), or (..., N) without a pooling.
            operands: the operand, if there is one.
            constants: of the node.
        """
        if self.pool != _NO_POOL:
            results = _pooled(results, self.pool)
        if self.addition is not None:
            results = self.addition.compute([results, *operands], {})
        return look_up(constants["table"], results) if self.function else results


@runtime_checkable
class IntegerStored(Protocol):
    """An integer operator with an epilogue."""

    epilogue: IntegerEpilogue


def integer_epilogue_of(operator: IntegerOperator) -> IntegerEpilogue:
    """Return what happens to an operator's results; nothing does if it has no epilogue.

    A sum of two tensors is that of the first one, as it is, with an operand.
    """
    if isinstance(operator, Sum):
        return IntegerEpilogue(addition=operator)
    return operator.epilogue if isinstance(operator, IntegerStored) else IntegerEpilogue()


def _pooled(values: np.ndarray, pool: tuple[int, int]) -> np.ndarray:
    batch, rows, columns, channels = values.shape
    high, wide = rows // pool[0], columns // pool[1]
    # Incomplete windows at the edges are dropped.
    cut = values[:, : high * pool[0], : wide * pool[1]]
    return cut.reshape(batch, high, pool[0], wide, pool[1], channels).max(axis=(2, 4))
