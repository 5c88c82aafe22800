"""The engine's work: jobs, each of which becomes a descriptor, and layers, made up of jobs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelgen.operators.epilogue import Epilogue, epilogue_of
from modelgen.targets.base import Layer
from modelgen.targets.systolic.abi import Fence, Operation
from modelgen.targets.systolic.geometry import Geometry


@dataclass(frozen=True)
class Place:
    """Where an operand is in memory: a tensor, and an offset into it in bytes."""

    tensor: str
    offset: int = 0


@dataclass(frozen=True)
class Table:
    """A table in main memory, and what its numbers mean."""

    offset: int
    """Offset in bytes in the section "parameters"."""
    reach: int
    fraction: int


@dataclass(frozen=True)
class Load:
    """What a job loads into the buffer: rows x columns of words, and the fill around them."""

    rows: int
    columns: int
    words: int
    base: int
    """First word of the buffer that is loaded or filled."""
    pitch: int
    """Words between the beginnings of rows in the buffer."""
    head: int = 0
    """Words before the first row."""
    tail: int = 0
    """Words to fill after the last row's pitch."""
    source: Place | None = None
    """Where the data is; None: only the frame is filled."""
    row_pitch: int = 0
    """Bytes between the beginnings of rows in memory."""
    column_pitch: int = 0
    fill: float | None = None
    """The value that head, tail and gaps are filled with; None: they are left untouched."""

    @property
    def first_row(self) -> int:
        """Word of the buffer where the rows begin."""
        return self.base + self.head


@dataclass(frozen=True)
class Compute:
    """Which words of the buffer a job reads for each accumulator entry."""

    base: int
    """Word at which the first position's first run begins."""
    rows: int
    """Positions before pooling."""
    columns: int
    step_y: int
    """Words between positions."""
    step_x: int
    run: int
    runs_y: int = 1
    runs_x: int = 1
    pitch_y: int = 0
    """Words between runs."""
    pitch_x: int = 0
    span: bool = False
    """Whether slices continue from one run into the next."""

    @property
    def positions(self) -> int:
        """Accumulator entries of a tile."""
        return self.rows * self.columns


@dataclass(frozen=True)
class Store:
    """Where a job's results go."""

    rows: int
    """Stored positions, after pooling."""
    columns: int
    memory: Place | None = None
    pitch_y: int = 0
    """Bytes between stored rows in memory, and between those of the operand."""
    pitch_x: int = 0
    residual: Place | None = None
    """The operand that is added, or that results are multiplied by."""
    buffer: int | None = None
    """Word of the buffer to which the first result goes; None: results are not stored there."""
    step_y: int = 0
    """Words of the buffer between stored rows."""
    step_x: int = 0
    function: bool = False
    """Whether results are a function by a table."""
    loads_table: bool = False
    """Whether the table is loaded first."""
    slope: bool = False
    """Whether negative results have a factor of their own."""

    @property
    def is_wide(self) -> bool:
        """Whether all lanes of the store path work: only some have an operand, a function and a
        slope, and only so many words go through the port."""
        alone = self.memory is None and self.residual is None
        return alone and not self.slope and not self.function


@dataclass(frozen=True)
class Job:
    """One descriptor of a layer: a block of positions, a chunk of the window, a block of tiles."""

    operation: Operation
    compute: Compute
    channel: int
    """First output channel; the scales and biases of those before it precede its own."""
    outputs: int
    """Output channels of the job."""
    tiles: int
    """ceil(outputs / S)."""
    first: bool
    """Whether the job overwrites the accumulators instead of adding to them."""
    accumulator: int = 0
    """First accumulator entry."""
    weights: int | None = None
    """Byte offset of this job's weight stream in the weight section."""
    load: Load | None = None
    store: Store | None = None
    window: tuple[int, int] = (1, 1)
    """Rows, columns of the fused max-pooling."""
    fence: Fence = Fence.NONE

    @property
    def entries(self) -> int:
        """Accumulator entries that the job uses."""
        return self.tiles * self.compute.positions

    def slices(self, array_size: int) -> int:
        """Return the number of slices of each position."""
        c = self.compute
        if self.operation is not Operation.MATMUL:
            return c.runs_y * c.runs_x
        if c.span:
            return -(-c.run * c.runs_y // array_size)
        return c.runs_y * c.runs_x * -(-c.run // array_size)


@dataclass(frozen=True)
class EngineLayer(Layer):
    """A layer on the engine: its jobs, and the location of its constants."""

    geometry: Geometry
    jobs: tuple[Job, ...]
    parameters_offset: int
    """Byte offset of this layer's scales and biases in the parameter section."""
    slices: tuple[np.ndarray, ...]
    """Indices of K, in (ky, kx, channel) order, of each slice, in the order in which the slices are
    added; empty if lanes are channels."""
    source_place: str
    """Where activations come from: "buffer", "memory" or "memory, kept in buffer"."""
    target_place: str
    """Where results go: "buffer", "memory" or "buffer and memory"."""
    scales: str | None = None
    """The tensor with the scales, if there are no constant ones; there are no biases then."""
    table: Table | None = None
    """The table of the function of its results."""

    @property
    def epilogue(self) -> Epilogue:
        """What happens to each result before it is stored."""
        return epilogue_of(self.node.operator)
