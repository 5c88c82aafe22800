"""The engine's own memories, filled with junk at first; reading unwritten words is an error."""

from __future__ import annotations

import secrets
from enum import IntEnum
from typing import Any

import numpy as np

from modelgen.arithmetic.function_table import BYTES as TABLE_BYTES
from modelgen.hardware import Hardware

SEED_BITS = 32
BYTE_TABLE_BYTES = 256
"""Size of a table of INT8 results in memory."""


class UnwrittenReadError(AssertionError):
    """A program reads a word that it has not written, so its results depend on earlier programs."""


def new_seed() -> int:
    """Return a seed that differs each time."""
    return secrets.randbits(SEED_BITS)


def junk(random: np.random.Generator, *shape: int) -> np.ndarray:
    """Return FP32 values of arbitrary bits, including NaN, infinities and subnormals."""
    return random.integers(0, 2**32, shape, dtype=np.uint32).view(np.float32)


class Words:
    """A memory of FP32 words, or of rows of words, that records which have been written."""

    def __init__(self, name: str, values: np.ndarray) -> None:
        self._name = name
        self.values = values
        self.written = np.zeros(len(values), bool)

    def read(self, places: np.ndarray | slice) -> np.ndarray:
        """Return words.

        Raises:
            UnwrittenReadError: one of them was not written.
        """
        written = self.written[places]
        if not written.all():
            first = np.arange(len(self.written))[places][~written].min()
            raise UnwrittenReadError(f"it reads {self._name} {first}, which nothing has written")
        return self.values[places]

    def write(self, places: np.ndarray | slice, values: np.ndarray | float) -> None:
        """Write words."""
        self.values[places] = values
        self.written[places] = True


class Holds(IntEnum):
    """What an accumulator entry holds."""

    FP32 = 0
    INT8 = 1
    """INT32 sums of INT8 activations."""
    PAIR = 2
    """Those of two positions."""


class Accumulators(Words):
    """Entries of S columns each; of some, only the first columns have a meaning."""

    def __init__(self, values: np.ndarray, upper: np.ndarray) -> None:
        """Wrap values of shape (entries, S).

        Args:
            values: FP32, or the bits of INT32.
            upper: INT32, the sums of the second positions of pairs.
        """
        super().__init__("accumulator", values)
        self._upper = upper
        self.columns = np.zeros(len(values), int)
        """Of each entry, the columns that were computed."""
        self.holds = np.zeros(len(values), int)
        """Of each entry, what it holds."""

    def write(
        self, places: np.ndarray | slice, values: np.ndarray | float, columns: Any = None
    ) -> None:
        """Write entries of which so many columns were computed; None: all."""
        super().write(places, values)
        self.columns[places] = self.values.shape[1] if columns is None else columns
        self.holds[places] = Holds.FP32

    def write_integers(
        self, places: np.ndarray | slice, values: np.ndarray, columns: np.ndarray
    ) -> None:
        """Write INT32 sums, shape (1 or 2 for pairs, entries, S)."""
        self.write(places, values[0].view(np.float32), columns)
        self._upper[places] = values[1] if len(values) > 1 else 0
        self.holds[places] = Holds.PAIR if len(values) > 1 else Holds.INT8

    def read(self, places: np.ndarray | slice, columns: np.ndarray | int = 0) -> np.ndarray:
        """Return entries of which so many columns are needed.

        Raises:
            UnwrittenReadError: one of them was not written, has fewer columns, or holds integers.
        """
        if (self.holds[places] != Holds.FP32).any():
            raise UnwrittenReadError("it adds FP32 numbers to an accumulator that holds integers")
        return self._read(places, columns)

    def read_integers(
        self, places: np.ndarray | slice, columns: np.ndarray | int, halves: int
    ) -> np.ndarray:
        """Return INT32 sums, shape (halves, entries, S): of one position, or of pairs.

        Raises:
            UnwrittenReadError: one of them was not written, has fewer columns, or holds others.
        """
        least = Holds.PAIR if halves > 1 else Holds.INT8
        if (self.holds[places] < least).any():
            kind = "pairs" if halves > 1 else "integers"
            raise UnwrittenReadError(f"it adds {kind} to an accumulator that does not hold such")
        lower = self._read(places, columns).view(np.int32)
        return np.stack([lower, self._upper[places]][:halves])

    def _read(self, places: np.ndarray | slice, columns: np.ndarray | int) -> np.ndarray:
        values = super().read(places)
        if (self.columns[places] < columns).any():
            raise UnwrittenReadError("it reads a column of an accumulator that had no weights")
        return values


class Scratchpad:
    """Activation buffer, accumulators and table, which keep their contents between chains."""

    def __init__(self, hardware: Hardware, seed: int | None = None) -> None:
        """Fill them with junk.

        Args:
            hardware: sizes of the engine.
            seed: seed of the junk; None: a different one each time.
        """
        random = np.random.default_rng(new_seed() if seed is None else seed)
        size, depth = hardware.array_size, hardware.accumulator_depth
        self.buffer = Words("buffer word", junk(random, hardware.buffer_words))
        upper = junk(random, depth, size).view(np.int32)
        self.accumulators = Accumulators(junk(random, depth, size), upper)
        self.table = Words("word of the table", junk(random, TABLE_BYTES // 4))
        self.byte_table = Words("word of the byte table", junk(random, BYTE_TABLE_BYTES // 4))

    def forget(self) -> None:
        """Mark everything as unwritten without changing the contents."""
        self.buffer.written[:] = False
        self.accumulators.written[:] = False
        self.table.written[:] = False
        self.byte_table.written[:] = False
