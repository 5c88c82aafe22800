"""What all poolings of feature maps share: windows, shapes, and names in reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from modelgen.operators.base import Arrays, Shape
from modelgen.operators.epilogue import Epilogue, Stored
from modelgen.operators.window import Window


@dataclass(frozen=True)
class Pooling(Stored):
    """Computes one value from each window of each channel."""

    title: ClassVar[str]
    """The pooling's name in reports."""
    window: Window
    epilogue: Epilogue = field(default_factory=Epilogue)

    def describe(self) -> str:
        """See `Operator.describe`."""
        size, *rest = self.window.describe()
        return ", ".join([f"{self.title} {size}", *rest, *self.epilogue.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        batch, rows, columns, channels = inputs[0]
        return self.epilogue.shape((batch, *self.window.outputs(rows, columns), channels))
