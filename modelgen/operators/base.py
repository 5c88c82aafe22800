"""What every operator says of itself, and what it is given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    import torch

Shape = tuple[int, ...]
"""Sizes of a tensor, the batch first; feature maps are (batch, rows, columns, channels)."""
Arrays = Mapping[str, np.ndarray]
"""Role of a constant, such as "weight", -> its values."""
Bounded = tuple[np.ndarray, np.ndarray]
"""FP64 values, and the bound on the difference of each."""


@dataclass(frozen=True)
class Cut:
    """How the products of a sum are cut into slices, which decides how it is rounded."""

    array_size: int
    """S: the most products of a slice, and the channels that share an exponent."""
    slices: Sequence[np.ndarray] | None = None
    """Indices of K, in (ky, kx, channel) order, of each slice, in order; None: every S indices."""

    def of(self, words: int) -> Sequence[np.ndarray]:
        """Return the slices of a sum of K = `words` products."""
        if self.slices is not None:
            return self.slices
        size = self.array_size
        return [np.arange(start, min(start + size, words)) for start in range(0, words, size)]


@dataclass(frozen=True)
class Kernel:
    """A function of the device library that computes an operator on the CPU."""

    header: str
    """Below sw/include/heepstor/."""
    function: str
    """In the namespace heepstor, with template arguments if it has any."""
    arguments: tuple[str, ...] = ()
    """C++ expressions that follow the pointers to inputs and output."""

    def call(self, sources: Sequence[str], destination: str) -> str:
        """Return the C++ expression that computes the operator.

        Args:
            sources: C++ expressions of pointers to the inputs.
            destination: that of the pointer to the output.
        """
        return f"heepstor::{self.function}({', '.join([*sources, destination, *self.arguments])})"


@dataclass(frozen=True)
class Operator(ABC):
    """What a node computes. Attributes are the fields of the dataclass.

    One file an operator, and one line for it in `modelgen.operators`.
    """

    name: ClassVar[str]
    """As graph.json and messages have it."""
    keeps_values: ClassVar[bool] = False
    """Whether the output has the input's values and no others, wherever they are."""
    takes_time: ClassVar[bool] = True
    """Whether something has to compute it; otherwise its output and its inputs are views of the
    same memory."""

    @abstractmethod
    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """Return the shape of the output.

        Args:
            inputs: shapes of what the node reads.
            constants: of the node, by their roles.
        """

    @abstractmethod
    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """Return the output in PyTorch, in FP32, for any number of inputs.

        Args:
            inputs: FP32.
            constants: of the node, by their roles.
        """

    @abstractmethod
    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """Return the output, bit for bit as the device's, however it is shaped.

        Args:
            inputs: FP32.
            constants: of the node, by their roles; weights are INT8.
            cut: where sums are rounded.
        """

    @abstractmethod
    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """Return the output in FP64, and how far device and PyTorch may differ from each other.

        Args:
            inputs: the same of what the node reads.
            constants: of the node, by their roles.
        """

    def places_of_inputs(self, inputs: Sequence[Shape]) -> list[int] | None:
        """Return where in each row of the output the inputs lie, if they lie there; else None.

        Args:
            inputs: shapes of what the node reads.

        Returns:
            For each input the first of its elements along the last dimension of the output.
        """
        return None

    def describe(self) -> str:
        """Return what it does in a few words for the report, such as "conv 3x3, ReLU"."""
        return self.name

    def kernel(self, inputs: Sequence[Shape]) -> Kernel | None:
        """Return the function that computes it on the CPU; None if there is none.

        Args:
            inputs: shapes of what the node reads.
        """
        return None

    def shape_text(self, inputs: Sequence[Shape], output: Shape) -> str:
        """Return the work in a few words for the report, such as "5 x 10": rows of columns."""
        columns = inputs[0][-1] if inputs[0] else 1
        return f"{int(np.prod(inputs[0])) // columns} x {columns}"
