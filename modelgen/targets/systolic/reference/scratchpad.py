"""The engine's own memories, filled with junk at first; reading unwritten words is an error."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from modelgen.arithmetic.function_table import BYTES as TABLE_BYTES
from modelgen.hardware import Hardware

SEED_BITS = 32


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


class Accumulators(Words):
    """Entries of S columns each; of some, only the first columns have a meaning."""

    def __init__(self, values: np.ndarray) -> None:
        """Wrap values of shape (entries, S)."""
        super().__init__("accumulator", values)
        self.columns = np.zeros(len(values), int)
        """Of each entry, the columns that were computed."""

    def write(
        self, places: np.ndarray | slice, values: np.ndarray | float, columns: Any = None
    ) -> None:
        """Write entries of which so many columns were computed; None: all."""
        super().write(places, values)
        self.columns[places] = self.values.shape[1] if columns is None else columns

    def read(self, places: np.ndarray | slice, columns: np.ndarray | int = 0) -> np.ndarray:
        """Return entries of which so many columns are needed.

        Raises:
            UnwrittenReadError: one of them was not written, or has fewer columns.
        """
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
        self.accumulators = Accumulators(junk(random, depth, size))
        self.table = Words("word of the table", junk(random, TABLE_BYTES // 4))

    def forget(self) -> None:
        """Mark everything as unwritten without changing the contents."""
        self.buffer.written[:] = False
        self.accumulators.written[:] = False
        self.table.written[:] = False
