"""The sizes of the hardware that the compiler has to know."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Hardware:
    """Sizes of one configured SoC, as `heepstor_cfg.hjson` gives them."""

    array_size: int = 8
    """S: rows and columns of the systolic array."""
    port_words: int = 4
    """P: 32-bit words that the engine's memory port moves in a cycle."""
    buffer_words: int = 65536
    """32-bit words in the activation buffer."""
    accumulator_depth: int = 1024
    """Entries of the accumulators, each S FP32 words wide."""
    memory_bytes: int = 1024 * 1024
    """Main memory: code, weights, arena and stack."""
    stack_bytes: int = 8 * 1024
    arena_bytes: int | None = None
    """Fixed size of the activation arena in bytes; None: as large as the model needs."""
    clock_hz: int = 100_000_000

    @property
    def tile_bytes(self) -> int:
        """Bytes of one S x S tile of INT8 weights."""
        return self.array_size * self.array_size

    @property
    def banks(self) -> int:
        """Banks of the activation buffer: S, rounded up to a power of two."""
        return 1 << (self.array_size - 1).bit_length()

    @property
    def port_bytes(self) -> int:
        """Bytes that the memory port moves in a cycle."""
        return 4 * self.port_words

    def to_dict(self) -> dict[str, Any]:
        """Return the sizes as plain values for JSON."""
        return asdict(self)
