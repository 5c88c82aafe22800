"""Selection of indices along some dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelgen.operators.base import Shape
from modelgen.operators.indexed import Indexed


@dataclass(frozen=True)
class Take(Indexed):
    """Takes constant indices, in any order: selection, repetition, rotation, enlargement."""

    name: ClassVar[str] = "take"
    keeps_values: ClassVar[bool] = True
    axes: tuple[int, ...]
    """The dimensions of which elements are selected; all others stay as they are."""
    selected: tuple[tuple[int, ...], ...]
    """Indices for each of them, not negative."""
    title: str = "take"
    """What it does, for reports."""

    def describe(self) -> str:
        """See `Operator.describe`."""
        return self.title

    def indices(self, shape: Shape) -> list[np.ndarray]:
        """See `Indexed.indices`."""
        chosen = dict(zip(self.axes, self.selected, strict=True))
        return [
            np.array(chosen.get(axis, range(size)), np.int64) for axis, size in enumerate(shape)
        ]
