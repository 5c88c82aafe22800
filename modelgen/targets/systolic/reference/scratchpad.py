"""The engine's own memories, filled with junk at first; reading unwritten words is an error."""

from __future__ import annotations

import secrets

import numpy as np

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


class Scratchpad:
    """Activation buffer and accumulators, which keep their contents between chains."""

    def __init__(self, hardware: Hardware, seed: int | None = None) -> None:
        """Fill both with junk.

        Args:
            hardware: sizes of the engine.
            seed: seed of the junk; None: a different one each time.
        """
        random = np.random.default_rng(new_seed() if seed is None else seed)
        size, depth = hardware.array_size, hardware.accumulator_depth
        self.buffer = Words("buffer word", junk(random, hardware.buffer_words))
        self.accumulators = Words("accumulator", junk(random, depth, size))

    def forget(self) -> None:
        """Mark everything as unwritten without changing the contents."""
        self.buffer.written[:] = False
        self.accumulators.written[:] = False
