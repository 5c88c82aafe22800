"""The hardware parameters that the compiler has to know."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from modelgen.errors import ModelError
from modelgen.ranges import AtLeast, Flag, MultipleOf, PowerOfTwo, Range

RANGES: dict[str, Range] = {
    "array_size": MultipleOf(4, 4, 32),
    "port_words": PowerOfTwo(1, 8),
    "buffer_words": PowerOfTwo(256, 65536),
    "accumulator_depth": PowerOfTwo(16, 4096),
    "int8": Flag(),
    "memory_bytes": AtLeast(1),
    "stack_bytes": AtLeast(1),
    "arena_bytes": AtLeast(1),
    "clock_hz": AtLeast(1),
}
"""The valid values of each size."""


@dataclass(frozen=True)
class Hardware:
    """Sizes of one configuration of the SoC, as in `heepstor_cfg.hjson`.

    Raises a ModelError that names every invalid size.
    """

    array_size: int = 8
    """S: rows and columns of the systolic array."""
    port_words: int = 4
    """P: 32-bit words that the engine's memory port moves in a cycle."""
    buffer_words: int = 65536
    """32-bit words of the activation buffer."""
    accumulator_depth: int = 1024
    """Accumulator entries, each S FP32 words wide."""
    int8: bool = True
    """Whether the engine has INT8 activations and INT4 weights."""
    memory_bytes: int = 1024 * 1024
    """Main memory, which holds code, weights, arena and stack."""
    stack_bytes: int = 8 * 1024
    arena_bytes: int | None = None
    """Fixed size of the activation arena in bytes; None: as large as the model needs."""
    clock_hz: int = 100_000_000

    def __post_init__(self) -> None:
        if problems := _wrong_sizes(self) or self._wrong_combinations():
            raise ModelError("; ".join(problems))

    def _wrong_combinations(self) -> list[str]:
        return [*wrong_port(self.array_size, self.port_words), *_wrong_sum(self)]

    def macs_per_cycle(self, *, int8: bool) -> int:
        """Return the MACs that the whole array does in a cycle: with INT8 values two an element."""
        return (2 if int8 and self.int8 else 1) * self.array_size**2

    @property
    def banks(self) -> int:
        """Banks of the activation buffer: S, rounded up to a power of two."""
        return 1 << (self.array_size - 1).bit_length()

    @property
    def quarter(self) -> int:
        """A quarter of the banks: from a slice of INT8 values to another one read with it."""
        return self.banks // 4

    @property
    def integer_lanes(self) -> int:
        """INT8 results that are stored in a cycle."""
        return min(self.array_size, 4 * self.port_words)

    @property
    def store_words(self) -> int:
        """Words that a store writes to the buffer in a cycle if nothing goes through the port.

        A position of a tile takes two cycles or more anyway: about as long as computing it from the
        fewest slices.
        """
        wide = 2 * self.port_words
        return wide if self.array_size > wide else self.port_words

    @property
    def port_bytes(self) -> int:
        """Bytes that the memory port moves in a cycle."""
        return 4 * self.port_words

    def to_dict(self) -> dict[str, Any]:
        """Return the sizes as plain values for JSON."""
        return asdict(self)


def _wrong_sizes(hardware: Hardware) -> list[str]:
    """Return a message for each size that is invalid on its own."""
    sizes = hardware.to_dict()
    if sizes["arena_bytes"] is None:
        del sizes["arena_bytes"]
    return [
        f"{name} is {value!r}; expected {RANGES[name]}"
        for name, value in sizes.items()
        if value not in RANGES[name]
    ]


def wrong_port(array_size: int, port_words: int) -> list[str]:
    """Return a message if the port moves too many words for an array of this size."""
    if port_words < 8 or (array_size >= 16 and array_size % 8 == 0):
        return []
    return [f"port_words is {port_words}, which needs an array_size of 16, 24 or 32"]


def _wrong_sum(hardware: Hardware) -> list[str]:
    """Return a message if stack and arena leave no memory for code and data."""
    reserved = hardware.stack_bytes + (hardware.arena_bytes or 0)
    if reserved < hardware.memory_bytes:
        return []
    return [
        f"stack and arena take {reserved / 1024:g} KiB, which leaves nothing of the memory's "
        f"{hardware.memory_bytes / 1024:g} KiB for code and weights"
    ]
