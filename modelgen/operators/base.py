"""The interface of operators, and the types of what they are given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.fp32 import every

if TYPE_CHECKING:
    import torch

Shape = tuple[int, ...]
"""Sizes of a tensor, the batch first; feature maps are (batch, rows, columns, channels)."""
Arrays = Mapping[str, np.ndarray]
"""Role of a constant, such as "weight", -> its values."""
Bounded = tuple[np.ndarray, np.ndarray]
"""FP64 values, and a bound on the error of each."""


@dataclass(frozen=True)
class Cut:
    """How the products of a sum are cut into slices, which determines how it is rounded."""

    array_size: int
    """S: the most products in a slice, and the channels that share an exponent."""
    slices: Sequence[np.ndarray] | None = None
    """Indices of K, in (ky, kx, channel) order, of each slice, in order; None: every S indices."""

    def of(self, words: int) -> Sequence[np.ndarray]:
        """Return the slices of a sum of K = `words` products."""
        if self.slices is not None:
            return self.slices
        return every(self.array_size, words)


@dataclass(frozen=True)
class Table:
    """A constant array that a kernel reads."""

    element: str
    """C++ type of its elements, in the namespace heepstor."""
    rows: tuple[str, ...]
    """C++ initializers of its elements."""

    def define(self, name: str) -> str:
        """Return the C++ definition of the array."""
        return f"constexpr heepstor::{self.element} {name}[] = {{{', '.join(self.rows)}}};"


@dataclass(frozen=True)
class Data:
    """A constant array that a kernel reads, of any size; equal arrays are in memory once."""

    element: str
    """C++ type of its elements."""
    values: np.ndarray
    """In C order; structures have the layout of the C++ type."""


@dataclass(frozen=True)
class Kernel:
    """A function of the device library that computes an operator on the CPU."""

    header: str
    """Relative to sw/include/heepstor/."""
    function: str
    """In the namespace heepstor, with template arguments if it has any."""
    arguments: tuple[str, ...] = ()
    """C++ expressions of the arguments after the pointers to inputs and output."""
    table: Table | None = None
    """A short constant array, which is the last argument."""
    data: tuple[Data, ...] = ()
    """Constant arrays, whose pointers are arguments between the inputs and the output."""
    cycles: float = field(kw_only=True)
    """Predicted cycles of a call. Constants are measured on the RTL; from a thousand cycles on, the
    error is at most a fifth (`tests/hw/test_cpu_cycles.py`), as the time varies by that much with
    the memory banks in which code and operands are."""

    def call(
        self,
        sources: Sequence[str],
        destination: str,
        table: str = "",
        data: Sequence[str] = (),
    ) -> str:
        """Return the C++ expression that computes the operator.

        Args:
            sources: C++ expressions of the pointers to the inputs.
            destination: C++ expression of the pointer to the output.
            table: name of the table, if there is one.
            data: C++ expressions of the pointers to the arrays of data.
        """
        last = [] if self.table is None else [table]
        arguments = [*sources, *data, destination, *self.arguments, *last]
        return f"heepstor::{self.function}({', '.join(arguments)})"


@dataclass(frozen=True)
class Operator(ABC):
    """What a node computes. Its attributes are the fields of the dataclass.

    Each operator has its own file, and a line in `modelgen.operators`.
    """

    name: ClassVar[str]
    """The operator's name in graph.json and in messages."""
    keeps_values: ClassVar[bool] = False
    """Whether the output consists of the input's values, in any order."""
    takes_time: ClassVar[bool] = True
    """Whether something has to compute it; if not, its output and its inputs are views of the same
    memory."""

    @abstractmethod
    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """Return the shape of the output.

        Args:
            inputs: shapes of the node's inputs.
            constants: the node's constants, by role.
        """

    @abstractmethod
    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """Return the output as computed by PyTorch, in FP32, for any number of inputs.

        Integers are FP32 numbers here; what operators on them return is no work of PyTorch's
        (`modelgen.operators.integer.base`).

        Args:
            inputs: FP32.
            constants: of the node, by their roles.
        """

    @abstractmethod
    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """Return the output, bit for bit as on the device, in any shape.

        Args:
            inputs: FP32 or INT8, as the tensors are.
            constants: the node's constants, by role; weights are INT8.
            cut: how sums are cut into slices, and so where they are rounded.
        """

    @abstractmethod
    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """Return the output in FP64, and a bound on the difference between device and PyTorch.

        Args:
            inputs: the same for the node's inputs.
            constants: the node's constants, by role.
        """

    def places_of_inputs(self, inputs: Sequence[Shape]) -> list[int] | None:
        """Return where in the output its inputs begin; None unless they are views of it.

        Args:
            inputs: shapes of the node's inputs.

        Returns:
            For each input, the index of its first element among all elements of the output.
        """
        return None

    def place_of_output(self, inputs: Sequence[Shape]) -> int:
        """Return where in its input the output of an operator that takes no time begins.

        Args:
            inputs: shapes of the node's inputs.

        Returns:
            The index of the output's first element among all elements of the input. The others
            follow it.
        """
        return 0

    def describe(self) -> str:
        """Return a short description for the report, such as "conv 3x3, ReLU"."""
        return self.name

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel | None:
        """Return the function that computes it on the CPU, or None.

        Args:
            inputs: shapes of the node's inputs.
            constants: the node's constants, by role.
        """
        return None

    def shape_text(self, inputs: Sequence[Shape], output: Shape) -> str:
        """Return the size of the work for the report, such as "5 x 10" (rows x columns)."""
        columns = inputs[0][-1] if inputs[0] else 1
        return f"{int(np.prod(inputs[0])) // columns} x {columns}"


def change_text(before: Shape, after: Shape) -> str:
    """Return two shapes for the report, such as "3 x 4 -> 4 x 3"; a batch of one is left out."""
    shapes = (shape[1:] if shape[:1] == (1,) else shape for shape in (before, after))
    return " -> ".join(" x ".join(map(str, shape)) for shape in shapes)
