"""The arguments of forward(): shapes and types of the tensors that a module gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from modelgen.operators.base import Shape

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Argument:
    """One argument of forward(); on the device, they are FP32 or INT8."""

    features: Shape
    """Shape of one sample, without the batch."""
    type: str = "float32"
    """The type that the module gets: "float32", "int64", "bool", or "int8" or "uint8"."""

    def example(self, batch: int) -> torch.Tensor:
        """Return a batch of zeros."""
        import torch

        return torch.zeros(batch, *self.features, dtype=getattr(torch, self.type))


def arguments_of(arrays: Sequence[np.ndarray]) -> tuple[Argument, ...]:
    """Return the arguments that arrays of samples are, one for each array."""
    return tuple(Argument(array.shape[1:], array.dtype.name) for array in arrays)
