"""Main memory as the engine's port sees it."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from modelgen.targets.systolic.abi import DESCRIPTOR_ALIGNMENT, Error
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES, Descriptor
from modelgen.targets.systolic.reference.scratchpad import UnwrittenReadError
from modelgen.targets.systolic.tiles import WORD_BYTES


class Fault(Exception):
    """Stops the chain with an error code."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.name)
        self.error = error


class Memory:
    """An image of main memory; accesses that are misaligned or out of bounds are faults."""

    def __init__(self, image: bytearray, base: int, written: np.ndarray | None = None) -> None:
        """Wrap an image.

        Args:
            image: contents of memory, modified in place.
            base: address of its first byte.
            written: bool for each word, modified in place: whether it may be read; None: all may.
        """
        self._image = image
        self._base = base
        words = len(image) // WORD_BYTES
        self._written = np.ones(words, bool) if written is None else written

    def check(self, address: int, size: int, alignment: int = WORD_BYTES) -> int:
        """Return the offset in the image of `size` bytes at `address`.

        Raises:
            Fault: the address is misaligned, or some of the bytes are outside memory.
        """
        offset = address - self._base
        if address % alignment or offset < 0 or offset + size > len(self._image):
            raise Fault(Error.BAD_ADDRESS)
        return offset

    def read(self, address: int, count: int, dtype: str = "<f4", alignment: int = 4) -> np.ndarray:
        """Return `count` constants (weights, parameters or tables) at `address`."""
        offset = self.check(address, count * np.dtype(dtype).itemsize, alignment)
        return np.frombuffer(self._image, dtype=dtype, count=count, offset=offset)

    def read_map(
        self, address: int, shape: tuple[int, int, int], row_pitch: int, column_pitch: int
    ) -> np.ndarray:
        """Return FP32 values of `shape` (rows, columns, words); pitches are in bytes.

        Raises:
            UnwrittenReadError: one of the words was not written.
        """
        values, written = self._map(address, shape, row_pitch, column_pitch)
        if not written.all():
            row, column, word = np.argwhere(~written)[0]
            place = address + row * row_pitch + column * column_pitch + word * WORD_BYTES
            raise UnwrittenReadError(f"it reads memory at {place:#x}, which nothing has written")
        return values

    def write_map(
        self, address: int, values: np.ndarray, row_pitch: int, column_pitch: int
    ) -> None:
        """Write FP32 values of shape (rows, columns, words); pitches are in bytes."""
        target, written = self._map(address, values.shape, row_pitch, column_pitch)
        target[:] = values
        written[:] = True

    def _map(
        self, address: int, shape: tuple[int, ...], row_pitch: int, column_pitch: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return values, and whether each was written, as views of memory."""
        if row_pitch % WORD_BYTES or column_pitch % WORD_BYTES:
            raise Fault(Error.BAD_ADDRESS)
        rows, columns, words = shape
        last = (rows - 1) * row_pitch + (columns - 1) * column_pitch
        count = last // WORD_BYTES + words
        offset = self.check(address, count * WORD_BYTES)
        flat = np.frombuffer(self._image, "<f4", count, offset)
        first = offset // WORD_BYTES
        marks = self._written[first : first + count]
        return (
            as_strided(flat, shape, (row_pitch, column_pitch, WORD_BYTES), writeable=True),
            as_strided(
                marks,
                shape,
                (row_pitch // WORD_BYTES, column_pitch // WORD_BYTES, 1),
                writeable=True,
            ),
        )

    def descriptor(self, address: int) -> Descriptor:
        """Return the descriptor at `address`."""
        offset = address - self._base
        outside = offset < 0 or offset + DESCRIPTOR_BYTES > len(self._image)
        if address % DESCRIPTOR_ALIGNMENT or outside:
            raise Fault(Error.BAD_DESCRIPTOR)
        return Descriptor.unpack(bytes(self._image[offset : offset + DESCRIPTOR_BYTES]))
