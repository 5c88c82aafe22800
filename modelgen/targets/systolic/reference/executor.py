"""Execution of a chain of descriptors on an image of main memory, bit for bit as in hardware.

Descriptors take effect in sequence, which is what the hardware guarantees for a chain with correct
fences (`modelgen.targets.systolic.hazards` sets them). Counters are not modelled: profile words
are left unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from modelgen.arithmetic.fp32 import Function, maximum, postprocess
from modelgen.arithmetic.function_table import BYTES as TABLE_BYTES
from modelgen.arithmetic.function_table import FunctionTable
from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Error, Factor, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference import slices
from modelgen.targets.systolic.reference.checks import check
from modelgen.targets.systolic.reference.memory import Fault, Memory
from modelgen.targets.systolic.reference.scratchpad import Scratchpad, UnwrittenReadError
from modelgen.targets.systolic.tiles import (
    LINE_BYTES,
    WORD_BYTES,
    diagonal_bytes,
    parameter_words,
    tile_columns,
    weight_bytes,
)

PROFILE_WORDS = 8
_LAST_INDEX = 0xFFFF


@dataclass(frozen=True)
class ChainResult:
    """How a chain ended."""

    error: Error
    index: int
    """Index in the chain of the descriptor that failed, or of the last one if none did."""
    address: int
    """Address of that descriptor."""
    descriptors: tuple[Descriptor, ...]
    """The descriptors that completed."""
    macs: int
    """The engine's MACS counter: MACs of existing words and channels, without padded lanes."""


class _Engine:
    """Runs checked descriptors on main memory and the engine's own memories."""

    def __init__(self, memory: Memory, scratchpad: Scratchpad, hardware: Hardware) -> None:
        self._memory = memory
        self._size = hardware.array_size
        self._buffer = scratchpad.buffer
        self._accumulators = scratchpad.accumulators
        self._table = scratchpad.table

    def run(self, job: Descriptor) -> None:
        """Load, compute and store as specified by a checked descriptor."""
        if job.load or job.fill:
            self._load(job)
        totals = self._compute(job)
        if job.stores:
            self._store(job, totals)
        if job.profile:
            self._memory.check(job.profile, PROFILE_WORDS * WORD_BYTES, LINE_BYTES)

    def _load(self, job: Descriptor) -> None:
        words = job.load_columns * job.load_words
        first = job.load_base + job.load_head
        shape = (job.load_rows, job.load_columns, job.load_words)
        pitches = job.source_pitch_y, job.source_pitch_x
        source = self._memory.read_map(job.source, shape, *pitches) if job.load else None
        for row in range(job.load_rows):
            start = first + row * job.load_pitch_y
            if source is not None:
                self._buffer.write(slice(start, start + words), source[row].reshape(-1))
            if job.fill:
                self._buffer.write(slice(start + words, start + job.load_pitch_y), job.fill_value)
        if job.fill:
            end = first + job.load_rows * job.load_pitch_y
            self._buffer.write(slice(job.load_base, first), job.fill_value)
            self._buffer.write(slice(end, end + job.load_tail), job.fill_value)

    def _compute(self, job: Descriptor) -> np.ndarray:
        """Return and store this job's accumulators, shape (positions, tiles * S)."""
        size = self._size
        region = slice(job.accumulator, job.accumulator + job.tiles * job.positions)
        old = None
        made = slices.computed_columns(job, size)
        if not job.first:
            entries = self._accumulators.read(region, slices.stored_columns(job, size))
            made = np.minimum(made, self._accumulators.columns[region])
            entries = entries.reshape(job.tiles, job.positions, size)
            old = entries.transpose(1, 0, 2).reshape(job.positions, -1)
        weights = self._weights(job)
        totals = slices.accumulate(job, self._buffer, weights, size, old)
        blocks = totals.reshape(job.positions, job.tiles, size).transpose(1, 0, 2)
        self._accumulators.write(region, blocks.reshape(-1, size), made)
        return totals

    def _weights(self, job: Descriptor) -> np.ndarray | None:
        """Return the weights: (slices, S, tiles * S), or (slices, tiles * S) if depthwise."""
        size, count = self._size, slices.count(job, self._size)
        if job.operation == Operation.MATMUL:
            columns = tile_columns(job.channels, job.tiles, size)
            used = sum(weight_bytes(tile, size) for tile in columns)
            stream = self._memory.read(job.weights, count * used, "i1", LINE_BYTES)
            padding = job.tiles * size * size - used
            tiles = np.pad(stream.reshape(count, used), ((0, 0), (0, padding)))
            return tiles.reshape(count, job.tiles * size, size).transpose(0, 2, 1)
        if job.operation == Operation.DEPTHWISE:
            line = diagonal_bytes(size)
            stream = self._memory.read(job.weights, count * job.tiles * line, "i1", LINE_BYTES)
            return stream.reshape(-1, job.tiles, line)[:, :, :size].reshape(-1, job.tiles * size)
        return None

    def _parameters(self, job: Descriptor) -> tuple[np.ndarray, np.ndarray]:
        """Return scale and bias of each channel of the tiles that is in memory."""
        columns = tile_columns(job.channels, job.tiles, self._size)
        words = [parameter_words(tile) for tile in columns]
        if job.scales_only:
            # Words behind the last column are read and have no effect.
            self._memory.check(job.parameters, sum(words) * WORD_BYTES)
            scales = self._memory.read_map(
                job.parameters, (1, 1, min(sum(columns), job.channels)), 0, 0
            )
            return scales.reshape(-1), np.full(scales.size, -0.0, np.float32)
        values = self._memory.read(job.parameters, 2 * sum(words))
        parts = np.split(values, np.cumsum(np.repeat(words, 2))[:-1])
        return np.concatenate(parts[::2]), np.concatenate(parts[1::2])

    def _store(self, job: Descriptor, totals: np.ndarray) -> None:
        size = self._size
        columns = min(job.channels, job.tiles * size)
        if job.load_table:
            table = self._memory.read(
                job.coefficients, TABLE_BYTES // WORD_BYTES, "<f4", LINE_BYTES
            )
            self._table.write(slice(None), table)
        shape = (job.store_rows, job.store_columns, columns)
        scale, bias = self._parameters(job)
        pitches = job.destination_pitch_y, job.destination_pitch_x
        operand = None
        if job.reads_operand:
            operand = self._memory.read_map(job.residual, shape, *pitches)
        values = postprocess(
            _pool(job, totals[:, :columns]),
            scale[:columns],
            bias[:columns],
            job.clamp_low,
            job.clamp_high,
            residual=operand if job.add_residual else None,
            function=self._function(job),
            times_value=job.factor == Factor.VALUE,
            factor=operand if job.factor == Factor.OPERAND else None,
            slope=job.slope,
        )
        if job.store_memory:
            words = job.destination_pitch_y // WORD_BYTES, job.destination_pitch_x // WORD_BYTES
            for offset, block in _in_order(values, *words, size):
                self._memory.write_map(job.destination + WORD_BYTES * offset, block, *pitches)
        if job.store_buffer:
            steps = job.store_pitch_y, job.store_pitch_x
            for offset, block in _in_order(values, *steps, size):
                y, x, channel = np.ogrid[tuple(slice(count) for count in block.shape)]
                places = y * job.store_pitch_y + x * job.store_pitch_x + channel
                self._buffer.write(job.store_base + offset + places, block)

    def _function(self, job: Descriptor) -> Function | None:
        if not job.apply_table:
            return None
        entries = self._table.read(slice(None)).tobytes()
        return FunctionTable(entries, job.table_reach, job.table_fraction).evaluate


def _in_order(
    values: np.ndarray, step_y: int, step_x: int, size: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Cut results into blocks without overlapping addresses, in the order in which they are stored.

    Args:
        values: shape (rows, columns, N).
        step_y: words between rows.
        step_x: words between columns.
        size: S, the channels of a tile.

    Yields:
        The offset of a block from the first result, in words, and the block, shape (rows, columns,
        n).
    """
    rows, columns, channels = values.shape
    row_words = (columns - 1) * step_x + channels
    if (columns == 1 or step_x >= channels) and (rows == 1 or step_y >= row_words):
        yield 0, values
        return
    for first in range(0, channels, size):
        for y, x in np.ndindex(rows, columns):
            block = values[y : y + 1, x : x + 1, first : first + size]
            yield y * step_y + x * step_x + first, block


def _pool(job: Descriptor, totals: np.ndarray) -> np.ndarray:
    """Return the largest value of each window, shape (store rows, store columns, N)."""
    grid = totals.reshape(job.position_rows, job.position_columns, -1)
    rows = job.store_rows * job.window_rows
    columns = job.store_columns * job.window_columns
    largest: np.ndarray | None = None
    for y in range(job.window_rows):
        for x in range(job.window_columns):
            part = grid[y : rows : job.window_rows, x : columns : job.window_columns]
            largest = part if largest is None else maximum(largest, part)
    assert largest is not None, "a window has at least one position"
    return largest


def execute_chain(
    memory: bytearray,
    base: int,
    first_address: int,
    hardware: Hardware,
    scratchpad: Scratchpad | None = None,
    written: np.ndarray | None = None,
) -> ChainResult:
    """Run a chain of descriptors; outputs are written to `memory`.

    Args:
        memory: image of main memory, modified in place.
        base: address of its first byte.
        first_address: address of the first descriptor.
        hardware: sizes of the engine.
        scratchpad: the engine's memories as left by earlier chains; None: filled with junk.
        written: bool for each word of memory, modified in place: whether it may be read; None: all
            may.

    Returns:
        How the chain ended. After an error, the results of the failing descriptor are not in
        memory.

    Raises:
        UnwrittenReadError: a descriptor reads words that nothing has written.
    """
    port = Memory(memory, base, written)
    engine = _Engine(port, scratchpad or Scratchpad(hardware), hardware)
    done: list[Descriptor] = []
    address = first_address
    seen = {address}
    error = Error.NONE
    try:
        while True:
            job = port.descriptor(address)
            check(job, hardware)
            if len(done) == _LAST_INDEX and job.next:
                raise Fault(Error.CHAIN_TOO_LONG)
            engine.run(job)
            done.append(job)
            if job.next == 0:
                break
            address = job.next
            if address in seen:
                raise ValueError(f"the chain never ends: it returns to {address:#x}")
            seen.add(address)
    except Fault as fault:
        error = fault.error
    except UnwrittenReadError as unwritten:
        raise UnwrittenReadError(f"descriptor {len(done)}: {unwritten}") from unwritten
    index = len(done) - (error is Error.NONE)
    macs = sum(slices.macs(job, hardware.array_size) for job in done)
    return ChainResult(error, index, address, tuple(done), macs)
