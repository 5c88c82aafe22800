"""Slice: elements at a constant distance along each dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.operators.base import Shape
from modelgen.operators.indexed import Indexed


@dataclass(frozen=True)
class Slice(Indexed):
    """Keeps a strided box of its input; a negative step reverses a dimension, 0 repeats."""

    name: ClassVar[str] = "slice"
    keeps_values: ClassVar[bool] = True
    starts: tuple[int, ...]
    """Index of the first element of each dimension."""
    sizes: tuple[int, ...]
    """Elements of each dimension of the output."""
    steps: tuple[int, ...]
    """Between neighbours."""

    def indices(self, shape: Shape) -> list[np.ndarray]:
        """See `Indexed.indices`."""
        dimensions = zip(self.starts, self.sizes, self.steps, strict=True)
        return [start + step * np.arange(size) for start, size, step in dimensions]
