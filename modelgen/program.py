"""What runs on the device: engine jobs and CPU operators in order, with all they refer to.

A `Program` is the compiler's last form before C++: `modelgen.emit` writes it as source text, and
`modelgen.image` lays it out in memory for the reference executor.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from modelgen.graph import Graph, Node
from modelgen.hardware import Hardware


@dataclass(frozen=True)
class Job:
    """One descriptor of a layer: a block of rows, a chunk of K, a block of columns.

    Everything is relative to the layer; addresses follow from where its tensors and weights lie.
    """

    row: int
    rows: int
    word: int
    """First element of K."""
    words: int
    column: int
    """First output column, a multiple of S."""
    columns: int
    tiles: int
    """ceil(columns / S)."""
    load: bool
    first: bool
    store: bool
    buffer_base: int
    buffer_pitch: int
    accumulator_base: int
    fence: bool = False


@dataclass(frozen=True)
class EngineLayer:
    """A layer on the engine: its jobs, and where its constants begin."""

    node: Node
    index: int
    """Position among the program's layers."""
    jobs: tuple[Job, ...]
    weights_offset: int
    """Byte of the weight section where this layer's streams begin."""
    stream_offsets: dict[tuple[int, int], int]
    """(first word of K, first column) -> byte of the stream, from `weights_offset`."""
    parameters_offset: int
    """Byte of the parameter section where this layer's scales and biases begin."""
    source_pitch: int
    """Bytes between rows of the input."""
    destination_pitch: int
    reason: str

    @property
    def clamp(self) -> tuple[float | None, float | None]:
        """Bounds of the outputs; None where there is none."""
        low, high = self.node.attributes.get("clamp", (None, None))
        return low, high


@dataclass(frozen=True)
class CpuLayer:
    """A layer that the CPU computes, and why."""

    node: Node
    index: int
    rows: int
    columns: int
    source_pitch: int
    """Bytes between rows of the input."""
    destination_pitch: int
    reason: str


@dataclass(frozen=True)
class Chain:
    """Engine layers that run after one doorbell."""

    layers: tuple[EngineLayer, ...]


@dataclass(frozen=True)
class Arena:
    """Where intermediate tensors lie."""

    size: int
    """Bytes."""
    lower_bound: int
    """Bytes that any placement needs: the largest sum of tensors that live at the same time."""
    offsets: dict[str, int] = field(default_factory=dict)
    """Tensor -> first byte. The network's input and output are not in the arena."""
    sizes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """A compiled network."""

    graph: Graph
    hardware: Hardware
    steps: tuple[Chain | CpuLayer, ...]
    weights: bytes
    parameters: bytes
    arena: Arena

    @property
    def layers(self) -> list[EngineLayer | CpuLayer]:
        """All layers in the order in which they run."""
        found: list[EngineLayer | CpuLayer] = []
        for step in self.steps:
            found.extend(step.layers if isinstance(step, Chain) else [step])
        return found
