"""The engine's work: jobs, each of which becomes a descriptor, and layers, made up of jobs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelgen.operators.epilogue import Epilogue, epilogue_of
from modelgen.targets.base import Layer
from modelgen.targets.systolic.abi import Fence, Operation
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.integer_results import IntegerResults
from modelgen.targets.systolic.tiles import depthwise_block


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
    def column_stride(self) -> int:
        """Columns of the map between positions, where each is read once."""
        return self.step_x // self.pitch_x


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
    """First output channel."""
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
    weight_bits: int = 8
    """Bits that a weight takes in the stream: 8 or 4."""
    parameters: int = 0
    """Byte offset of the scales and biases of its results in the parameter section."""
    load: Load | None = None
    store: Store | None = None
    window: tuple[int, int] = (1, 1)
    """Rows, columns of the fused max-pooling."""
    fence: Fence = Fence.NONE
    lanes: int = 1
    """Values in a word: one of FP32, four of INT8."""
    pair_rows: int = 0
    """Stored rows between two that are computed at a time; 0: there are no pairs."""

    @property
    def results(self) -> range:
        """Output channels of the job."""
        return range(self.channel, self.channel + self.outputs)

    @property
    def rows(self) -> int:
        """Rows of positions, of which those that are computed with others count once."""
        return self.compute.rows - self.pair_rows * self.window[0]

    @property
    def positions(self) -> int:
        """Accumulator entries of a tile."""
        return self.rows * self.compute.columns

    @property
    def entries(self) -> int:
        """Accumulator entries that the job uses."""
        return self.tiles * self.positions

    @property
    def stored_words(self) -> int:
        """Words of a result, with what is behind its last channel."""
        return -(-self.outputs // self.lanes)

    @property
    def reads_rows(self) -> bool:
        """Whether it is a depthwise one that reads columns of several kernel rows at a time."""
        return self.operation is Operation.DEPTHWISE and self.lanes > 1

    def slices(self, array_size: int) -> int:
        """Return the number of slices of each position."""
        c = self.compute
        if self.reads_rows:
            rows, columns = depthwise_block(array_size)
            return -(-c.runs_y // rows) * -(-c.runs_x // columns)
        if self.operation is not Operation.MATMUL:
            return c.runs_y * c.runs_x
        size = array_size // self.lanes
        if c.span:
            return -(-c.run * c.runs_y // size)
        return c.runs_y * c.runs_x * -(-c.run // size)

    def issues(self) -> int:
        """Return the cycles in which a slice of a tile enters the array."""
        if not self.reads_rows:
            return self.positions
        _, columns = depthwise_block(1)
        read = (self.compute.columns - 1) * self.compute.column_stride + columns
        return self.rows * read


@dataclass(frozen=True)
class EngineLayer(Layer):
    """A layer on the engine: its jobs, and the location of its constants."""

    geometry: Geometry
    jobs: tuple[Job, ...]
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
    integers: IntegerResults | None = None
    """What the store path makes of its sums, if they are integers."""

    @property
    def epilogue(self) -> Epilogue:
        """What happens to each result before it is stored."""
        return epilogue_of(self.node.operator)
