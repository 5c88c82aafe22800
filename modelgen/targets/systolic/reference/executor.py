"""Execution of a chain of descriptors on an image of main memory, bit for bit as in hardware.

Descriptors take effect in sequence, which is what the hardware guarantees for a chain with correct
fences (`modelgen.targets.systolic.hazards` sets them). Counters are not modelled: profile words
are left unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from modelgen.arithmetic.fp32 import Function, maximum, postprocess
from modelgen.arithmetic.function_table import FunctionTable
from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Error, Factor
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference import (
    integer_results,
    integer_slices,
    slices,
    streams,
)
from modelgen.targets.systolic.reference.checks import check
from modelgen.targets.systolic.reference.memory import Fault, Memory
from modelgen.targets.systolic.reference.scratchpad import Scratchpad, UnwrittenReadError
from modelgen.targets.systolic.tiles import LINE_BYTES, WORD_BYTES

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
        self._byte_table = scratchpad.byte_table

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
        """Return and store this job's accumulators, shape (positions, tiles * S).

        Those of INT8 jobs have a dimension before these, for both positions of pairs.
        """
        size = self._size
        region = slice(job.accumulator, job.accumulator + job.tiles * job.positions)
        old = None
        made = slices.computed_columns(job, size)
        needed = slices.stored_columns(job, size)
        if job.stores and (made < needed).any():
            raise UnwrittenReadError("it stores channels that it reads no activations of")
        if not job.first:
            if job.int8:
                parts = integer_slices.halves(job)
                entries = self._accumulators.read_integers(region, needed, parts)
            else:
                entries = self._accumulators.read(region, needed)
            made = np.minimum(made, self._accumulators.columns[region])
            old = self._by_position(job, entries)
        weights = streams.weights(job, self._memory, size)
        if job.int8:
            totals = integer_slices.accumulate(job, self._buffer, weights, size, old)
            self._accumulators.write_integers(region, self._by_tile(job, totals), made)
        else:
            totals = slices.accumulate(job, self._buffer, weights, size, old)
            self._accumulators.write(region, self._by_tile(job, totals), made)
        return totals

    def _by_position(self, job: Descriptor, entries: np.ndarray) -> np.ndarray:
        """Return entries (..., tiles * positions, S) as sums (..., positions, tiles * S)."""
        outer = entries.shape[:-2]
        split = entries.reshape(*outer, job.tiles, job.positions, self._size)
        return split.swapaxes(-3, -2).reshape(*outer, job.positions, -1)

    def _by_tile(self, job: Descriptor, sums: np.ndarray) -> np.ndarray:
        """Return the inverse of `_by_position`."""
        outer = sums.shape[:-2]
        split = sums.reshape(*outer, job.positions, job.tiles, self._size)
        return split.swapaxes(-3, -2).reshape(*outer, -1, self._size)

    def _store(self, job: Descriptor, totals: np.ndarray) -> None:
        columns = min(job.channels, job.tiles * self._size)
        if job.load_table:
            table = self._byte_table if job.int8 else self._table
            words = len(table.values)
            table.write(slice(None), self._memory.read(job.coefficients, words, "<f4", LINE_BYTES))
        make = self._integers if job.int8 else self._numbers
        results = make(job, totals[..., :columns])
        width = slices.width(job, self._size)
        if job.store_memory:
            pitches = job.destination_pitch_y, job.destination_pitch_x
            steps = pitches[0] // WORD_BYTES, pitches[1] // WORD_BYTES
            for offset, block in _in_order(results, *steps, job.pair_rows, width):
                self._memory.write_map(job.destination + WORD_BYTES * offset, block, *pitches)
        if job.store_buffer:
            steps = job.store_pitch_y, job.store_pitch_x
            for offset, block in _in_order(results, *steps, job.pair_rows, width):
                y, x, channel = np.ogrid[tuple(slice(count) for count in block.shape)]
                places = y * job.store_pitch_y + x * job.store_pitch_x + channel
                self._buffer.write(job.store_base + offset + places, block)

    def _operand(self, job: Descriptor, words: int, half: int = 0) -> np.ndarray:
        """Return the operand of results, FP32, shape (store rows, store columns, words)."""
        pitches = job.destination_pitch_y, job.destination_pitch_x
        address = job.residual + half * job.pair_rows * job.destination_pitch_y
        return self._memory.read_map(address, (job.store_rows, job.store_columns, words), *pitches)

    def _numbers(self, job: Descriptor, totals: np.ndarray) -> list[np.ndarray]:
        """Return the results of an FP32 job, shape (store rows, store columns, channels)."""
        columns = totals.shape[-1]
        scale, bias = streams.scales(job, self._memory, self._size)
        operand = self._operand(job, columns) if job.reads_operand else None
        return [
            postprocess(
                _pool(job, totals, maximum),
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
        ]

    def _integers(self, job: Descriptor, totals: np.ndarray) -> list[np.ndarray]:
        """Return the results of both halves of an INT8 job as words of four.

        Shape (store rows, store columns, ceil(channels / 4)); bytes behind the last channel are 0.
        """
        columns = totals.shape[-1]
        line, arrays = streams.integer_parameters(job, self._memory, self._size)
        table = None
        if job.apply_table:
            table = self._byte_table.read(slice(None)).view(np.int8)
        results = []
        for half, sums in enumerate(totals):
            values = integer_results.requantized(job, sums, line, arrays[:, :columns])
            operand = None
            if job.add_residual:
                words = self._operand(job, -(-columns // WORD_BYTES), half)
                operand = np.ascontiguousarray(words).view(np.int8)[..., :columns]
            pooled = _pool(job, values, np.maximum)
            made = integer_results.finished(job, pooled, operand, line, table)
            padding = (0, 0), (0, 0), (0, -columns % WORD_BYTES)
            results.append(np.pad(made, padding).view(np.float32))
        return results

    def _function(self, job: Descriptor) -> Function | None:
        if not job.apply_table:
            return None
        entries = self._table.read(slice(None)).tobytes()
        return FunctionTable(entries, job.table_reach, job.table_fraction).evaluate


def _in_order(
    halves: Sequence[np.ndarray], step_y: int, step_x: int, pair_rows: int, size: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Cut results into blocks without overlapping addresses, in the order in which they are stored.

    Args:
        halves: of pairs both, shape (rows, columns, N).
        step_y: words between rows.
        step_x: words between columns.
        pair_rows: rows between the halves.
        size: words of the channels of a tile.

    Yields:
        The offset of a block from the first result, in words, and the block, shape (rows, columns,
        n).
    """
    rows, columns, channels = halves[0].shape
    row_words = (columns - 1) * step_x + channels
    is_alone = rows == len(halves) == 1
    if (columns == 1 or step_x >= channels) and (is_alone or step_y >= row_words):
        # A row of the second half lies on one of the first that is stored later, or on none.
        for half in reversed(range(len(halves))):
            yield half * pair_rows * step_y, halves[half]
        return
    for first in range(0, channels, size):
        for y, x in np.ndindex(rows, columns):
            for half, values in enumerate(halves):
                block = values[y : y + 1, x : x + 1, first : first + size]
                yield (y + half * pair_rows) * step_y + x * step_x + first, block


def _pool(
    job: Descriptor,
    values: np.ndarray,
    largest_of: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return the largest value of each window, shape (store rows, store columns, N)."""
    grid = values.reshape(job.position_rows, job.position_columns, -1)
    rows = job.store_rows * job.window_rows
    columns = job.store_columns * job.window_columns
    parts = (
        grid[y : rows : job.window_rows, x : columns : job.window_columns]
        for y in range(job.window_rows)
        for x in range(job.window_columns)
    )
    return reduce(largest_of, parts)


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
