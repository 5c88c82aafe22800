"""Padding of any dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.operators.base import Shape
from modelgen.operators.indexed import FILLED, Indexed


@dataclass(frozen=True)
class Pad(Indexed):
    """Adds elements before and after each dimension; negative numbers remove some."""

    name: ClassVar[str] = "pad"
    before: tuple[int, ...]
    """Elements added before each dimension."""
    after: tuple[int, ...]
    mode: str = "constant"
    """As in PyTorch: constant, reflect, replicate, or circular."""
    value: float = 0.0
    """Of what is added, with mode "constant"."""

    @property
    def fill(self) -> float | None:
        """See `Movement.fill`."""
        return self.value if self.mode == "constant" else None

    def describe(self) -> str:
        """See `Operator.describe`."""
        return f"pad, {self.mode}" + (f" {self.value:g}" if self.fill else "")

    def indices(self, shape: Shape) -> list[np.ndarray]:
        """See `Indexed.indices`."""
        return [
            self._along(size, np.arange(-before, size + after))
            for size, before, after in zip(shape, self.before, self.after, strict=True)
        ]

    def _along(self, size: int, position: np.ndarray) -> np.ndarray:
        """Return the indices of the input at positions from its first element on."""
        match self.mode:
            case "constant":
                return np.where((position >= 0) & (position < size), position, FILLED)
            case "reflect":
                return size - 1 - np.abs(size - 1 - np.abs(position))
            case "replicate":
                return position.clip(0, size - 1)
            case _:
                return position % size
