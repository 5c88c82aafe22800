"""Embedding: rows of a table, chosen by the values of the input."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape

if TYPE_CHECKING:
    import torch


_UNROLLED = 32
"""Columns up to which a row is copied without a loop."""


@dataclass(frozen=True)
class Embedding(Operator):
    """Gives each id its row of a table.

    Inputs: ids, of any shape, and the table, (rows, columns). Ids are whole numbers in FP32. One
    that is out of range, where PyTorch raises an error, gives the nearest row, and NaN the first.
    """

    name: ClassVar[str] = "embedding"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        ids, table = inputs
        return *ids, table[1]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        ids, table = inputs
        rows = ids.nan_to_num(nan=0.0).clamp(0, len(table) - 1).long()
        return torch.nn.functional.embedding(rows, table)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        ids, table = inputs
        return table[_rows(ids, table)]

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        (ids, uncertain), (table, error) = inputs
        rows = _rows(ids, table)
        # An id that may be another one may give any other row.
        unknown = _rows(ids - uncertain, table) != _rows(ids + uncertain, table)
        spread = (table.max(axis=0) - table.min(axis=0)) * unknown[..., None]
        return table[rows], spread + np.where(unknown[..., None], error.max(axis=0), error[rows])

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        ids, (rows, columns) = inputs
        count = math.prod(ids)
        arguments = str(count), str(rows), str(columns)
        # The compiler unrolls the loop that copies a short row.
        begin, each = (13.0, 2.3) if columns <= _UNROLLED else (25.0, 3.4)
        cycles = count * (begin + each * columns)
        return Kernel("embedding.hpp", "embedding", arguments, cycles=cycles)


def _rows(ids: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Return the index of the row that each id gives."""
    return np.clip(np.nan_to_num(ids, nan=0.0), 0, len(table) - 1).astype(np.int64)
