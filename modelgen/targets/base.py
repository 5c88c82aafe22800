"""What a target is: something that computes layers of a network, such as the engine or the CPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph, Node
from modelgen.ir.views import View
from modelgen.memory.arena import Arena


@dataclass(frozen=True)
class Step:
    """A layer that takes time, and what computes it."""

    node: Node
    target: str
    """Name of the target."""
    reason: str
    """Why it is computed there."""


@dataclass(frozen=True)
class Network:
    """A quantized graph that was distributed over targets."""

    graph: Graph
    hardware: Hardware
    steps: tuple[Step, ...]
    """In the order in which they run."""
    views: Mapping[str, View]
    """Where tensors lie, of all of the graph."""

    def buffer(self, tensor: str) -> str:
        """Return the name of the tensor in whose memory one lies."""
        return self.views[tensor].buffer


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
    """What a target makes of its steps."""

    layers: Mapping[int, Layer]
    """By the indices of their steps."""
    in_memory: frozenset[str]
    """Buffers that its layers read or write in main memory."""
    overwrites: Mapping[int, int] = field(default_factory=dict)
    """Index of a step -> position of the input over which its output may be written."""
    sections: Mapping[str, bytes] = field(default_factory=dict)
    """Name -> what has to lie in main memory besides tensors, such as weights."""
    scratchpad: Arena = field(default_factory=lambda: Arena(0, 0))
    """What its own memory holds, in words."""


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
    """Which words the present inference has written."""
    seed: int
    """Of the junk with which memories begin."""

    def address(self, tensor: str) -> int:
        """Return the address of a tensor's first element."""

    def section(self, name: str) -> int:
        """Return the address of a section."""

    def read(self, tensor: str) -> np.ndarray:
        """Return a tensor's values; an error if some were not written."""

    def write(self, tensor: str, values: np.ndarray) -> None:
        """Write a tensor's values."""


class Executor(Protocol):
    """Runs a target's segments of one program on the reference, bit for bit."""

    def begin(self) -> None:
        """Begin an inference: memories keep what they hold, but nothing of it counts as written."""

    def run(self, segment: Segment) -> None:
        """Run a segment."""


@dataclass(frozen=True)
class Statement:
    """The C++ statements that run a segment in infer()."""

    lines: tuple[str, ...] = ()
    result: str = ""
    """An expression of the type engine::Result; empty where nothing can fail."""


@dataclass(frozen=True)
class Code:
    """The C++ of a target's part of a program, by its places in model.cpp."""

    headers: tuple[str, ...] = ()
    """Below sw/include/heepstor/."""
    externals: str = ""
    """Declarations outside of all namespaces."""
    definitions: str = ""
    """In the anonymous namespace."""
    setup: tuple[str, ...] = ()
    """Statements at the beginning of infer()."""
    statements: tuple[Statement, ...] = ()
    """One for each of its segments, in order."""
    profiles: Mapping[int, str] = field(default_factory=dict)
    """Index of a layer -> expression of the pointer to the engine's counters."""
    cycles: Mapping[int, str] = field(default_factory=dict)
    """Index of a layer -> expression of the pointer to its cycles."""


class Pointers(Protocol):
    """C++ expressions of where tensors lie."""

    def is_argument(self, tensor: str) -> str:
        """Return "input" or "output" for a tensor in the caller's; "" for one in the arena."""

    def argument_offset(self, tensor: str, offset: int) -> int:
        """Return the values from the caller's first to one `offset` bytes from a tensor's first."""

    def pointer(self, tensor: str, offset: int = 0) -> str:
        """Return the pointer to a value, `offset` bytes from the first of the tensor's buffer."""


class Target(Protocol):
    """Computes layers; one package each."""

    name: str
    """As reports and files have it."""

    def supports(self, graph: Graph, node: Node) -> str | None:
        """Return why it cannot compute a node; None if it can."""

    def reason(self, node: Node) -> str:
        """Return how it computes a node that it supports, in a few words."""

    def leaves_gaps(self, node: Node) -> bool:
        """Tell whether it can write the rows of a node's output with gaps between them."""

    def adapt(self, graph: Graph) -> Graph:
        """Return a graph that computes the same, without layers that do not fit its sizes."""

    def lower(self, network: Network) -> Lowered:
        """Return the layers of all steps that are its own.

        Raises:
            ModelError: its memories are too small for a layer.
        """

    def cost(self, segment: Segment) -> list[int | None]:
        """Return the cycles of each layer of a segment; None where there is no model of them."""

    def describe(self, network: Network, layer: Layer, cycles: int | None) -> dict[str, Any]:
        """Return what model.json says of a layer besides what all layers have."""

    def executor(self, network: Network, segments: Sequence[Segment], machine: Machine) -> Executor:
        """Return what runs its segments; it puts into main memory what they need there."""

    def emit(self, network: Network, segments: Sequence[Segment], pointers: Pointers) -> Code:
        """Return the C++ of its segments."""
