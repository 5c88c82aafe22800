"""Main memory as the engine's port sees it, and the errors that stop a chain."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from modelgen.descriptor import DESCRIPTOR_ALIGNMENT, DESCRIPTOR_BYTES, Descriptor

WORD_BYTES = 4


class EngineError(IntEnum):
    """Error codes of the engine's ERROR register."""

    NONE = 0
    BAD_OPERATION = 1
    BAD_ADDRESS = 2
    ZERO_DIMENSION = 3
    BUFFER_OVERFLOW = 4
    ACCUMULATOR_OVERFLOW = 5
    BAD_DESCRIPTOR = 6
    BUSY = 7
    CHAIN_TOO_LONG = 8


class Fault(Exception):
    """Stops the chain with an error code."""

    def __init__(self, error: EngineError) -> None:
        super().__init__(error.name)
        self.error = error


class Memory:
    """An image of main memory: word aligned, within bounds, or a fault."""

    def __init__(self, image: bytearray, base: int) -> None:
        self._image = image
        self._base = base

    def view(self, address: int, count: int, dtype: str = "<f4", alignment: int = 4) -> np.ndarray:
        """Return `count` items at `address` as a writable array that aliases memory."""
        offset = address - self._base
        size = count * np.dtype(dtype).itemsize
        if address % alignment or offset < 0 or offset + size > len(self._image):
            raise Fault(EngineError.BAD_ADDRESS)
        return np.frombuffer(self._image, dtype=dtype, count=count, offset=offset)

    def feature_map(
        self, address: int, shape: tuple[int, int, int], row_pitch: int, column_pitch: int
    ) -> np.ndarray:
        """Return FP32 of `shape` (rows, columns, words) that aliases memory; pitches in bytes."""
        if row_pitch % WORD_BYTES or column_pitch % WORD_BYTES:
            raise Fault(EngineError.BAD_ADDRESS)
        rows, columns, words = shape
        last = (rows - 1) * row_pitch + (columns - 1) * column_pitch
        flat = self.view(address, last // WORD_BYTES + words)
        strides = (row_pitch, column_pitch, WORD_BYTES)
        return np.lib.stride_tricks.as_strided(flat, shape, strides, writeable=True)

    def descriptor(self, address: int) -> Descriptor:
        """Return the descriptor at `address`."""
        offset = address - self._base
        outside = offset < 0 or offset + DESCRIPTOR_BYTES > len(self._image)
        if address % DESCRIPTOR_ALIGNMENT or outside:
            raise Fault(EngineError.BAD_DESCRIPTOR)
        return Descriptor.unpack(bytes(self._image[offset : offset + DESCRIPTOR_BYTES]))
