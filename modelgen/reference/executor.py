"""Runs a chain of engine descriptors on an image of main memory, bit for bit as the hardware.

Descriptors take effect one after another, which is what the hardware promises for a chain whose
fences are right (`modelgen.hazards` checks that). Counters are not modelled: profile words are left
alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from modelgen.descriptor import (
    DESCRIPTOR_ALIGNMENT,
    DESCRIPTOR_BYTES,
    OPERATION_MATMUL,
    Descriptor,
)
from modelgen.hardware import Hardware
from modelgen.reference.arithmetic import canonicalize, matmul, postprocess

_LINE_BYTES = 16
_LAST_INDEX = 0xFFFF


class EngineError(IntEnum):
    """Error codes of the engine's ERROR register."""

    NONE = 0
    UNKNOWN_OPERATION = 1
    BAD_ADDRESS = 2
    ZERO_DIMENSION = 3
    BUFFER_OVERFLOW = 4
    ACCUMULATOR_OVERFLOW = 5
    BAD_DESCRIPTOR = 6
    BUSY = 7
    CHAIN_TOO_LONG = 8


@dataclass(frozen=True)
class ChainResult:
    """How a chain ended."""

    error: EngineError
    index: int
    """Index in the chain of the descriptor that failed; of the last one where none did."""
    address: int
    """Address of that descriptor."""
    descriptors: tuple[Descriptor, ...]
    """The descriptors that completed."""
    macs: int
    """Multiplications of activations that exist (lanes below K) with stored columns."""


class _Fault(Exception):
    """Stops the chain with an error code."""

    def __init__(self, error: EngineError) -> None:
        super().__init__(error.name)
        self.error = error


class _Memory:
    """Main memory as the engine's port sees it: word aligned, within bounds, or a fault."""

    def __init__(self, image: bytearray, base: int) -> None:
        self._image = image
        self._base = base

    def view(self, address: int, count: int, dtype: str = "<f4", alignment: int = 4) -> np.ndarray:
        """Return `count` items at `address` as a writable array that aliases memory."""
        offset = address - self._base
        size = count * np.dtype(dtype).itemsize
        if address % alignment or offset < 0 or offset + size > len(self._image):
            raise _Fault(EngineError.BAD_ADDRESS)
        return np.frombuffer(self._image, dtype=dtype, count=count, offset=offset)

    def rows(self, address: int, pitch: int, rows: int, columns: int) -> np.ndarray:
        """Return a (rows, columns) FP32 view, rows `pitch` bytes apart (row order is kept)."""
        if pitch % 4:
            raise _Fault(EngineError.BAD_ADDRESS)
        self.view(address, columns)
        first = self.view(address, (rows - 1) * (pitch // 4) + columns)
        return np.lib.stride_tricks.as_strided(first, (rows, columns), (pitch, 4), writeable=True)

    def descriptor(self, address: int) -> Descriptor:
        offset = address - self._base
        outside = offset < 0 or offset + DESCRIPTOR_BYTES > len(self._image)
        if address % DESCRIPTOR_ALIGNMENT or outside:
            raise _Fault(EngineError.BAD_DESCRIPTOR)
        return Descriptor.unpack(bytes(self._image[offset : offset + DESCRIPTOR_BYTES]))


class _Engine:
    """State that lives from descriptor to descriptor: activation buffer and accumulators."""

    def __init__(self, memory: _Memory, hardware: Hardware) -> None:
        self._memory = memory
        self._hardware = hardware
        self._buffer = np.zeros(hardware.buffer_words, np.float32)
        self._accumulators = np.zeros((hardware.accumulator_depth, hardware.array_size), np.float32)

    def run(self, job: Descriptor) -> None:
        """Load, compute and store as a checked descriptor says."""
        rows = self._buffer_rows(job)
        if job.load:
            rows[:] = self._memory.rows(job.source, job.source_pitch, job.rows, job.words)
        totals = self._compute(job, rows)
        if job.store:
            self._store(job, totals)

    def check(self, job: Descriptor) -> None:
        """Refuse malformed descriptors, in the hardware's order."""
        reserved = job.control_reserved | job.columns_reserved | job.reserved
        if job.operation != OPERATION_MATMUL or reserved:
            raise _Fault(EngineError.UNKNOWN_OPERATION)
        if not (job.rows and job.words and job.tiles and job.columns):
            raise _Fault(EngineError.ZERO_DIMENSION)
        if job.weights % _LINE_BYTES or job.profile % _LINE_BYTES:
            raise _Fault(EngineError.BAD_ADDRESS)
        end = job.buffer_base + (job.rows - 1) * job.buffer_pitch + job.words
        if end > self._hardware.buffer_words:
            raise _Fault(EngineError.BUFFER_OVERFLOW)
        if job.accumulator_base + job.tiles * job.rows > self._hardware.accumulator_depth:
            raise _Fault(EngineError.ACCUMULATOR_OVERFLOW)

    def _buffer_rows(self, job: Descriptor) -> np.ndarray:
        return np.lib.stride_tricks.as_strided(
            self._buffer[job.buffer_base :],
            (job.rows, job.words),
            (4 * job.buffer_pitch, 4),
            writeable=True,
        )

    def _compute(self, job: Descriptor, rows: np.ndarray) -> np.ndarray:
        """Return the accumulators of this job, shape (rows, tiles * S), and keep them."""
        size = self._hardware.array_size
        region = slice(job.accumulator_base, job.accumulator_base + job.tiles * job.rows)
        shape = (job.tiles, job.rows, size)
        old = self._accumulators[region].reshape(shape).transpose(1, 0, 2)
        totals = matmul(
            rows,
            self._weights(job),
            size,
            None if job.first else old.reshape(job.rows, job.tiles * size),
        )
        blocks = totals.reshape(job.rows, job.tiles, size).transpose(1, 0, 2)
        self._accumulators[region] = canonicalize(blocks).reshape(-1, size)
        return totals

    def _weights(self, job: Descriptor) -> np.ndarray:
        """Return the weight stream as a (K, tiles * S) matrix."""
        size = self._hardware.array_size
        slices = -(-job.words // size)
        count = slices * job.tiles * size * size
        stream = self._memory.view(job.weights, count, "i1", alignment=_LINE_BYTES)
        tiles = stream.reshape(slices, job.tiles, size, size)
        return tiles.transpose(0, 2, 1, 3).reshape(slices * size, -1)[: job.words]

    def _store(self, job: Descriptor, totals: np.ndarray) -> None:
        size = self._hardware.array_size
        parameters = self._memory.view(job.parameters, 2 * job.tiles * size)
        scale, bias = parameters.reshape(job.tiles, 2, size).transpose(1, 0, 2).reshape(2, -1)
        values = postprocess(totals, scale, bias, job.clamp_low, job.clamp_high)
        columns = min(job.columns, job.tiles * size)
        self._memory.rows(job.destination, job.destination_pitch, job.rows, columns)[:] = values[
            :, :columns
        ]


def execute_chain(
    memory: bytearray, base: int, first_address: int, hardware: Hardware
) -> ChainResult:
    """Run a chain of descriptors; outputs are written into `memory`.

    Args:
        memory: image of main memory; changed in place.
        base: address of its first byte.
        first_address: address of the first descriptor.
        hardware: sizes of the engine.

    Returns:
        How the chain ended. After an error, what the failing descriptor would have stored is not
        in memory.
    """
    port = _Memory(memory, base)
    engine = _Engine(port, hardware)
    done: list[Descriptor] = []
    address = first_address
    seen = {address}
    error = EngineError.NONE
    try:
        while True:
            job = port.descriptor(address)
            engine.check(job)
            if len(done) == _LAST_INDEX and job.next:
                raise _Fault(EngineError.CHAIN_TOO_LONG)
            engine.run(job)
            done.append(job)
            if job.next == 0:
                break
            address = job.next
            if address in seen:
                raise ValueError(f"the chain returns to {address:#x} and has no end")
            seen.add(address)
    except _Fault as fault:
        error = fault.error
    index = len(done) - (error is EngineError.NONE)
    return ChainResult(error, index, address, tuple(done), _macs(done))


def _macs(jobs: list[Descriptor]) -> int:
    return sum(job.rows * job.words * job.columns for job in jobs)
