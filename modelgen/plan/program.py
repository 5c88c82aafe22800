"""A compiled network: what each target runs, and the memory layout.

A `Program` is the compiler's final representation: `modelgen.emit` writes it as C++, and
`modelgen.plan.machine` runs it on the reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.memory.arena import ALIGNMENT, Arena
from modelgen.targets.base import Layer, Network, Segment, Target

CONSTANTS = "constants"
"""Section of the constant tensors."""


@dataclass(frozen=True)
class Program:
    """A compiled network."""

    network: Network
    targets: tuple[Target, ...]
    segments: tuple[Segment, ...]
    """In execution order."""
    sections: Mapping[str, bytes]
    """Name -> contents of a section of main memory that is not a tensor, such as the weights."""
    arena: Arena
    """Where the tensors between layers are in main memory, in bytes."""
    scratchpads: Mapping[str, Arena]
    """Target -> the allocation of its own memory, in words."""

    @property
    def graph(self) -> Graph:
        """The graph that was compiled."""
        return self.network.graph

    @property
    def hardware(self) -> Hardware:
        """The sizes that it was compiled for."""
        return self.network.hardware

    @property
    def layers(self) -> list[Layer]:
        """All layers in execution order."""
        return [layer for segment in self.segments for layer in segment.layers]

    def segments_of(self, target: Target) -> list[Segment]:
        """Return the segments of one target, in order."""
        return [segment for segment in self.segments if segment.target == target.name]

    @cached_property
    def constant_offsets(self) -> dict[str, int]:
        """Constant tensor -> its offset in their section, in bytes."""
        offsets, size = {}, 0
        for name in self.graph.constant_tensors:
            offsets[name] = size
            size += -(-self.graph.tensors[name].bytes // ALIGNMENT) * ALIGNMENT
        return offsets

    @property
    def constant_bytes(self) -> int:
        """Total size of all sections in bytes."""
        return sum(map(len, self.sections.values()))
