"""Expansion: dimensions of size 1 repeated, as for broadcasting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.operators.base import Shape
from modelgen.operators.indexed import Indexed


@dataclass(frozen=True)
class Expand(Indexed):
    """Repeats its input along the dimensions in which it has a single element."""

    name: ClassVar[str] = "expand"
    keeps_values: ClassVar[bool] = True
    shape: Shape
    """Shape of the output, of the input's rank."""

    def indices(self, shape: Shape) -> list[np.ndarray]:
        """See `Indexed.indices`."""
        return [
            np.arange(wanted) if size == wanted else np.zeros(wanted, np.int64)
            for size, wanted in zip(shape, self.shape, strict=True)
        ]
