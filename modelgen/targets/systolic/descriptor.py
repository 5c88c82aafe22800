"""The engine's descriptor: 32 words in main memory that name one job.

The layout's source is cores/engine/descriptor.rdl; a unit test compares this file with it.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field, replace
from typing import Any

from modelgen.targets.systolic.abi import Fence, Operation

DESCRIPTOR_WORDS = 32
DESCRIPTOR_BYTES = 4 * DESCRIPTOR_WORDS
DESCRIPTOR_ALIGNMENT = 16


@dataclass(frozen=True)
class Descriptor:
    """One engine job. Addresses and pitches in memory are bytes, all else in words of FP32."""

    next: int = 0
    """Address of the next descriptor; 0: the last."""
    operation: int = Operation.MATMUL

    load: bool = False
    """Fetch activations into the buffer before computing."""
    fill: bool = False
    """Write `fill_value` round the rows in the buffer."""
    first: bool = False
    """The first slice overwrites the accumulators instead of being added to them."""
    store_memory: bool = False
    store_buffer: bool = False
    add_residual: bool = False
    """Add the operand at `residual` before slope and clamp."""
    span: bool = False
    """Slices go on from one run to the next (matmul with `runs_x` 1)."""
    fence: int = Fence.NONE

    source: int = 0
    source_row_pitch: int = 0
    source_column_pitch: int = 0
    load_rows: int = 0
    load_columns: int = 0
    load_words: int = 0
    """Words of each column: channels."""
    load_pitch: int = 0
    """Words between rows in the buffer."""
    load_base: int = 0
    load_head: int = 0
    """Words between `load_base` and the first row."""
    load_tail: int = 0
    """Words to fill after the last row's pitch."""
    fill_value: float = 0.0

    input_base: int = 0
    """Word of the buffer where the first position's first run begins."""
    accumulator: int = 0
    """First accumulator entry; position (x, y) of tile t is `(t * rows + y) * columns + x` on."""
    step_x: int = 0
    """Words between positions that are neighbours in a row."""
    step_y: int = 0
    position_columns: int = 0
    position_rows: int = 0
    run: int = 0
    """Words that lie one after another; channels, of all operations but the first."""
    runs_x: int = 0
    runs_y: int = 0
    run_pitch_x: int = 0
    run_pitch_y: int = 0
    tiles: int = 0
    """Tiles of S output channels."""
    columns: int = 0
    """N: output channels that are stored."""
    weights: int = 0
    parameters: int = 0
    """Address of scales and biases: for each tile S scales, then S biases."""

    destination: int = 0
    pitch_x: int = 0
    """Bytes between neighbouring stored positions, of destination and residual."""
    pitch_y: int = 0
    residual: int = 0
    store_columns: int = 0
    """Stored positions, after pooling."""
    store_rows: int = 0
    store_base: int = 0
    """Word of the buffer where `store_buffer` puts the first result."""
    store_step_x: int = 0
    """Words of the buffer between stored positions."""
    store_step_y: int = 0
    window_columns: int = 0
    """Positions of which the largest is stored; 1 x 1: no pooling."""
    window_rows: int = 0
    clamp_low: float = -math.inf
    clamp_high: float = math.inf
    slope: float = 1.0
    """Factor of negative values."""
    profile: int = 0
    """Address of eight words for the counters; 0: none."""
    reserved: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    """(word, bits) of what must be zero; kept so that a malformed descriptor stays one."""

    @property
    def stores(self) -> bool:
        """Whether results leave the accumulators."""
        return self.store_memory or self.store_buffer

    @property
    def positions(self) -> int:
        """Output positions before pooling: accumulator entries of a tile."""
        return self.position_columns * self.position_rows

    def pack(self) -> bytes:
        """Return the 128 bytes as they stand in memory (little endian)."""
        words = [0] * DESCRIPTOR_WORDS
        for name, (word, low, _) in LAYOUT.items():
            words[word] |= _encode(name, getattr(self, name)) << low
        for word, bits in self.reserved:
            words[word] |= bits
        return _WORDS.pack(*words)

    @classmethod
    def unpack(cls, data: bytes) -> Descriptor:
        """Read the 128 bytes of a descriptor."""
        words = _WORDS.unpack(data)
        fields: dict[str, Any] = {
            name: _decode(name, words[word] >> low & _mask(width))
            for name, (word, low, width) in LAYOUT.items()
        }
        leftovers = ((i, word & ~_KNOWN_BITS[i]) for i, word in enumerate(words))
        return cls(**fields, reserved=tuple((i, bits) for i, bits in leftovers if bits))


LAYOUT: dict[str, tuple[int, int, int]] = {
    # field: (word, lowest bit, bits)
    "next": (0, 0, 32),
    "operation": (1, 0, 8),
    "load": (1, 8, 1),
    "fill": (1, 9, 1),
    "first": (1, 10, 1),
    "store_memory": (1, 11, 1),
    "store_buffer": (1, 12, 1),
    "add_residual": (1, 13, 1),
    "span": (1, 14, 1),
    "fence": (1, 16, 2),
    "source": (2, 0, 32),
    "source_row_pitch": (3, 0, 32),
    "source_column_pitch": (4, 0, 32),
    "load_rows": (5, 0, 16),
    "load_columns": (5, 16, 16),
    "load_words": (6, 0, 16),
    "load_pitch": (6, 16, 16),
    "load_base": (7, 0, 16),
    "load_head": (7, 16, 16),
    "load_tail": (8, 0, 16),
    "fill_value": (9, 0, 32),
    "input_base": (10, 0, 16),
    "accumulator": (10, 16, 16),
    "step_x": (11, 0, 16),
    "step_y": (11, 16, 16),
    "position_columns": (12, 0, 16),
    "position_rows": (12, 16, 16),
    "run": (13, 0, 16),
    "runs_y": (13, 16, 16),
    "run_pitch_x": (14, 0, 16),
    "run_pitch_y": (14, 16, 16),
    "tiles": (15, 0, 16),
    "runs_x": (15, 16, 16),
    "columns": (16, 0, 16),
    "weights": (17, 0, 32),
    "parameters": (18, 0, 32),
    "destination": (19, 0, 32),
    "pitch_x": (20, 0, 32),
    "pitch_y": (21, 0, 32),
    "residual": (22, 0, 32),
    "store_columns": (23, 0, 16),
    "store_rows": (23, 16, 16),
    "store_base": (24, 0, 16),
    "store_step_x": (24, 16, 16),
    "store_step_y": (25, 0, 16),
    "window_columns": (25, 16, 8),
    "window_rows": (25, 24, 8),
    "clamp_low": (26, 0, 32),
    "clamp_high": (27, 0, 32),
    "slope": (28, 0, 32),
    "profile": (29, 0, 32),
}

_FLOATS = frozenset({"fill_value", "clamp_low", "clamp_high", "slope"})
_WORDS = struct.Struct(f"<{DESCRIPTOR_WORDS}I")


def _mask(width: int) -> int:
    return (1 << width) - 1


_KNOWN_BITS = [
    sum(_mask(width) << low for word, low, width in LAYOUT.values() if word == index)
    for index in range(DESCRIPTOR_WORDS)
]


def _encode(name: str, value: float) -> int:
    """Return the bits of a field.

    Raises:
        ValueError: the value has no place in the field.
    """
    if name in _FLOATS:
        return struct.unpack("<I", struct.pack("<f", value))[0]
    if not 0 <= value <= _mask(LAYOUT[name][2]):
        raise ValueError(f"{name} of a descriptor is {value}; it has {LAYOUT[name][2]} bits")
    return int(value)


def _decode(name: str, bits: int) -> float:
    if name in _FLOATS:
        return struct.unpack("<f", struct.pack("<I", bits))[0]
    return bool(bits) if LAYOUT[name][2] == 1 else bits


def link(descriptors: list[Descriptor], first_address: int) -> bytes:
    """Return the bytes of a chain that lies contiguously at `first_address`, linked in order."""
    image = bytearray()
    for index, descriptor in enumerate(descriptors):
        last = index == len(descriptors) - 1
        following = 0 if last else first_address + (index + 1) * DESCRIPTOR_BYTES
        image += replace(descriptor, next=following).pack()
    return bytes(image)
