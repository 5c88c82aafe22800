"""The compiler's graph: nodes that name the tensors they read and write.

The batch is the first dimension of every shape; feature maps are (batch, rows, columns, channels).
Tensors are contiguous and row-major, so a tensor of shape (..., C) is a matrix of `rows` x
`columns` to every operator that works on the last dimension. Graphs are never modified in place: a
pass returns a new one. `modelgen.operators` defines what nodes compute.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np

from modelgen.agreement import RUNTIMES
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.operators import Operator
from modelgen.operators.base import Shape


class ElementType(Enum):
    """The type of a tensor's elements."""

    FP32 = "fp32"
    INT8 = "int8"

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's type for an element."""
        return np.dtype(np.float32 if self is ElementType.FP32 else np.int8)

    @property
    def bytes(self) -> int:
        """Size of an element in bytes."""
        return self.dtype.itemsize

    @property
    def cpp(self) -> str:
        """C++'s type for an element."""
        return "float" if self is ElementType.FP32 else "std::int8_t"


class Contract(Enum):
    """Whose arithmetic defines every bit of a graph's results."""

    FP32 = "fp32"
    """Ours: FP32 activations, sums of slices."""
    EXACT = "exact"
    """Ours: integers, each result rounded once."""
    TFLITE_REFERENCE = "tflite-reference"
    """The reference kernels of LiteRT (`OpResolverType.BUILTIN_REF`)."""
    ONNXRUNTIME = "onnxruntime"
    """ONNX Runtime on a CPU."""

    @property
    def is_of_runtime(self) -> bool:
        """Return whether the runtime of a model's file says what is right, in every bit."""
        return self.value in RUNTIMES


@dataclass(frozen=True)
class Tensor:
    """An activation tensor."""

    name: str
    shape: Shape
    element: ElementType = ElementType.FP32
    quantization: Quantization | None = None
    """Of integers, for users and reports; operators have the scales that they compute with."""

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def columns(self) -> int:
        """Elements in the last dimension."""
        return self.shape[-1] if self.shape else 1

    @property
    def rows(self) -> int:
        """Product of all dimensions except the last."""
        return self.size // self.columns

    @property
    def bytes(self) -> int:
        """Size in memory, in bytes: elements follow one another without gaps."""
        return self.size * self.element.bytes


@dataclass(frozen=True)
class Node:
    """One operator, and the tensors it reads and writes."""

    name: str
    """Name of the layer in the model, such as "classifier.0"."""
    operator: Operator
    inputs: tuple[str, ...]
    output: str
    constants: dict[str, str] = field(default_factory=dict)
    """Role of each constant -> its name in the graph's constants."""
    fused: tuple[str, ...] = ()
    """Names of the layers that were fused into this one."""


@dataclass(frozen=True)
class Graph:
    """A network; its nodes are in a valid execution order."""

    inputs: tuple[str, ...]
    """Tensors that the caller provides, in the order of the model's arguments."""
    outputs: tuple[str, ...]
    """Tensors that the caller gets, all different and each written by a node."""
    batch: int
    nodes: tuple[Node, ...]
    tensors: dict[str, Tensor]
    constants: dict[str, np.ndarray]
    """Values of the nodes' constants and of constant tensors, which have the constant's name."""
    orders: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Input -> PyTorch's dimensions in the order in which the device has them; without inputs for
    which it is the same order. Outputs are always in PyTorch's order."""
    contract: Contract = Contract.FP32

    @property
    def constant_tensors(self) -> list[str]:
        """Names of the tensors whose values are constants."""
        return [name for name in self.tensors if name in self.constants]

    def constant(self, node: Node, role: str) -> np.ndarray | None:
        """Return a node's constant in a role, or None."""
        name = node.constants.get(role)
        return None if name is None else self.constants[name]

    def arrays(self, node: Node) -> dict[str, np.ndarray]:
        """Return role -> values of a node's constants."""
        return {role: self.constants[name] for role, name in node.constants.items()}

    def shapes(self, node: Node) -> list[Shape]:
        """Return the shapes of a node's inputs."""
        return [self.tensors[name].shape for name in node.inputs]

    def producer(self, tensor: str) -> Node | None:
        """Return the node that writes a tensor; None for an input or a constant."""
        return self._producers.get(tensor)

    def consumers(self, tensor: str) -> list[Node]:
        """Return the nodes that read a tensor."""
        return list(self._consumers.get(tensor, ()))

    @cached_property
    def _producers(self) -> dict[str, Node]:
        return {node.output: node for node in self.nodes}

    @cached_property
    def _consumers(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                found.setdefault(name, []).append(node)
        return found

    def with_nodes(self, nodes: Iterable[Node], **changes: Any) -> Graph:
        """Return the graph with other nodes; unused tensors and constants are dropped."""
        changed = replace(self, nodes=tuple(nodes), **changes)
        used = {*changed.inputs, *changed.outputs}
        for node in changed.nodes:
            used |= {node.output, *node.inputs, *node.constants.values()}
        return replace(
            changed,
            tensors={name: t for name, t in changed.tensors.items() if name in used},
            constants={name: c for name, c in changed.constants.items() if name in used},
        )
