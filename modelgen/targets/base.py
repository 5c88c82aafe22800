"""The interface of a target: something that computes layers, such as the engine or the CPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from modelgen.hardware import Hardware
from modelgen.ir.graph import ElementType, Graph, Node
from modelgen.ir.views import View
from modelgen.memory.arena import Arena


@dataclass(frozen=True)
class Step:
    """A layer that takes time, and the target that computes it."""

    node: Node
    target: str
    """Name of the target."""
    reason: str
    """Why it is computed there."""


@dataclass(frozen=True)
class Network:
    """A quantized graph, partitioned over targets."""

    graph: Graph
    hardware: Hardware
    steps: tuple[Step, ...]
    """In execution order."""
    views: Mapping[str, View]
    """Where each tensor of the graph is stored."""

    def buffer(self, tensor: str) -> str:
        """Return the name of the buffer that a tensor is a view of."""
        return self.views[tensor].buffer

    def peak_macs(self, node: Node) -> int:
        """Return the MACs a cycle that the engine's array does with values of a node's type."""
        element = self.graph.tensors[node.inputs[0]].element
        return self.hardware.macs_per_cycle(int8=element is ElementType.INT8)


@dataclass(frozen=True)
class Layer:
    """A step as its target computes it."""

    node: Node
    index: int
    """Position among the network's steps."""
    reason: str
    """Why it is computed there."""


@dataclass(frozen=True)
class Lowered:
    """The steps of a target, lowered to its layers."""

    layers: Mapping[int, Layer]
    """By the index of their step."""
    in_memory: frozenset[str]
    """Buffers that its layers read or write in main memory."""
    overwrites: Mapping[int, int] = field(default_factory=dict)
    """Index of a step -> position of the input that its output may overwrite."""
    sections: Mapping[str, bytes] = field(default_factory=dict)
    """Name -> what it needs in main memory in addition to tensors, such as weights."""
    scratchpad: Arena = field(default_factory=lambda: Arena(0, 0))
    """The allocation of its own memory, in words."""


@dataclass(frozen=True)
class Segment:
    """Consecutive layers of one target."""

    target: str
    layers: tuple[Layer, ...]


class Machine(Protocol):
    """Main memory while a program runs on the reference."""

    base: int
    """Address of the first byte."""
    memory: bytearray
    written: np.ndarray
    """Which words the current inference has written."""
    seed: int
    """Seed of the junk that memories are initially filled with."""

    def address(self, tensor: str) -> int:
        """Return the address of a tensor's first element."""

    def section(self, name: str) -> int:
        """Return the address of a section."""

    def read(self, tensor: str) -> np.ndarray:
        """Return a tensor's values; raise an error if some were not written."""

    def write(self, tensor: str, values: np.ndarray) -> None:
        """Write a tensor's values."""


class Executor(Protocol):
    """Runs a target's segments of one program on the reference, bit for bit."""

    def begin(self) -> None:
        """Begin an inference: memories keep their contents, but none of it counts as written."""

    def run(self, segment: Segment) -> None:
        """Run a segment."""


@dataclass(frozen=True)
class Statement:
    """The C++ statements that run a segment in infer()."""

    lines: tuple[str, ...] = ()
    result: str = ""
    """An expression of type engine::Result; empty if nothing can fail."""


@dataclass(frozen=True)
class Code:
    """The C++ of a target's part of a program, by its location in model.cpp."""

    headers: tuple[str, ...] = ()
    """Relative to sw/include/heepstor/."""
    externals: str = ""
    """Declarations outside all namespaces."""
    definitions: str = ""
    """Definitions in the anonymous namespace."""
    setup: tuple[str, ...] = ()
    """Statements at the beginning of infer()."""
    statements: tuple[Statement, ...] = ()
    """One for each of its segments, in order."""
    profiles: Mapping[int, str] = field(default_factory=dict)
    """Index of a layer -> expression for the pointer to the engine's counters."""
    cycles: Mapping[int, str] = field(default_factory=dict)
    """Index of a layer -> expression for the pointer to its cycles."""


class Pointers(Protocol):
    """C++ expressions for the addresses of tensors."""

    def is_argument(self, tensor: str) -> str:
        """Return "input" or "output" for a tensor in a caller's buffer, "" for one in the arena."""

    def argument_offset(self, tensor: str, offset: int) -> int:
        """Return the index, in the caller's buffer, of the value `offset` bytes into a tensor."""

    def pointer(self, tensor: str, offset: int = 0) -> str:
        """Return the pointer to the value `offset` bytes into the tensor."""


class Target(Protocol):
    """Computes layers. Each target is a package."""

    name: str
    """The target's name in reports and files."""

    def supports(self, graph: Graph, node: Node) -> str | None:
        """Return why the target cannot compute a node; None if it can."""

    def reason(self, node: Node) -> str:
        """Return a short description of how the target computes a node that it supports."""

    def leaves_gaps(self, node: Node, *, in_words: bool) -> bool:
        """Return whether the target can write the rows of a node's output with gaps between.

        Args:
            node: that the target computes.
            in_words: whether rows begin at whole words.
        """

    def adapt(self, graph: Graph) -> Graph:
        """Return an equivalent graph without layers that exceed the target's sizes."""

    def rearrange(self, network: Network) -> Graph:
        """Return an equivalent graph whose layers on the target take less time.

        Only layers that the target computes may differ from the network's.
        """

    def lower(self, network: Network) -> Lowered:
        """Return the layers of all steps assigned to the target.

        Raises:
            ModelError: the target's memories are too small for a layer.
        """

    def cost(self, network: Network, segment: Segment) -> list[int | None]:
        """Return the predicted cycles of each layer of a segment; None if there is no model."""

    def describe(self, network: Network, layer: Layer, cycles: int | None) -> dict[str, Any]:
        """Return a layer's entries in model.json that are specific to the target.

        Among them: `macs`, `weight_bytes`, `limit_cycles`, `streaming_limit_cycles` and
        `depthwise_cycles`, which are added up, and `macs_per_cycle`, the most that the target could
        do.
        """

    def executor(self, network: Network, segments: Sequence[Segment], machine: Machine) -> Executor:
        """Return the executor of its segments, and write the data they need to main memory."""

    def emit(self, network: Network, segments: Sequence[Segment], pointers: Pointers) -> Code:
        """Return the C++ of its segments."""
