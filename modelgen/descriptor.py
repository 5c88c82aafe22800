"""The engine's descriptor: sixteen 32-bit words in main memory that name one job.

The layout's source is cores/engine/descriptor.rdl; a unit test compares this file with it.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field, replace

DESCRIPTOR_WORDS = 16
DESCRIPTOR_BYTES = 4 * DESCRIPTOR_WORDS
DESCRIPTOR_ALIGNMENT = 16

OPERATION_MATMUL = 1

LOAD_BIT = 8
FIRST_BIT = 9
STORE_BIT = 10
FENCE_BIT = 11
KNOWN_CONTROL_BITS = 0xFF | 1 << LOAD_BIT | 1 << FIRST_BIT | 1 << STORE_BIT | 1 << FENCE_BIT

_LAYOUT = struct.Struct("<12I2f2I")
assert _LAYOUT.size == DESCRIPTOR_BYTES


@dataclass(frozen=True)
class Descriptor:
    """One engine job: a block of a matrix product. Addresses and pitches are in bytes."""

    operation: int = OPERATION_MATMUL
    load: bool = True
    """Fetch activations into the buffer before computing."""
    first: bool = True
    """The first slice overwrites the accumulators instead of being added to them."""
    store: bool = True
    """Scale, add the bias, clamp and write out after computing."""
    fence: bool = False
    """Loading waits until every earlier descriptor has stored."""
    source: int = 0
    source_pitch: int = 0
    rows: int = 0
    """M: rows of activations."""
    words: int = 0
    """K: activations of each row in this chunk."""
    buffer_base: int = 0
    """Word of the activation buffer where row 0 begins."""
    buffer_pitch: int = 0
    """Words between rows in the buffer."""
    weights: int = 0
    tiles: int = 0
    """Tiles of S output columns."""
    accumulator_base: int = 0
    """Accumulator entry of row 0 of tile 0; row m of tile n is at base + n * rows + m."""
    parameters: int = 0
    """Address of scales and biases: for each tile S scales, then S biases."""
    destination: int = 0
    destination_pitch: int = 0
    columns: int = 0
    """N: output columns that are stored."""
    clamp_low: float = -math.inf
    clamp_high: float = math.inf
    profile: int = 0
    """Address of eight words for the counters; 0: none."""
    next: int = 0
    """Address of the next descriptor; 0: the last."""
    control_reserved: int = field(default=0, repr=False)
    """Bits of word 1 that must be zero; kept so that a malformed descriptor stays one."""
    columns_reserved: int = field(default=0, repr=False)
    """The same of word 11, its upper half."""
    reserved: int = field(default=0, repr=False)
    """Word 15."""

    @property
    def control(self) -> int:
        """Word 1: operation and flags."""
        return (
            self.operation
            | self.load << LOAD_BIT
            | self.first << FIRST_BIT
            | self.store << STORE_BIT
            | self.fence << FENCE_BIT
            | self.control_reserved
        )

    def pack(self) -> bytes:
        """Return the 64 bytes as they stand in memory (little endian)."""
        return _LAYOUT.pack(
            self.next,
            self.control,
            self.source,
            self.source_pitch,
            self.rows | self.words << 16,
            self.buffer_base | self.buffer_pitch << 16,
            self.weights,
            self.tiles | self.accumulator_base << 16,
            self.parameters,
            self.destination,
            self.destination_pitch,
            self.columns | self.columns_reserved << 16,
            self.clamp_low,
            self.clamp_high,
            self.profile,
            self.reserved,
        )

    @classmethod
    def unpack(cls, data: bytes) -> Descriptor:
        """Read the 64 bytes of a descriptor."""
        words = _LAYOUT.unpack(data)
        control = words[1]
        return cls(
            next=words[0],
            operation=control & 0xFF,
            load=bool(control >> LOAD_BIT & 1),
            first=bool(control >> FIRST_BIT & 1),
            store=bool(control >> STORE_BIT & 1),
            fence=bool(control >> FENCE_BIT & 1),
            control_reserved=control & ~KNOWN_CONTROL_BITS,
            source=words[2],
            source_pitch=words[3],
            rows=words[4] & 0xFFFF,
            words=words[4] >> 16,
            buffer_base=words[5] & 0xFFFF,
            buffer_pitch=words[5] >> 16,
            weights=words[6],
            tiles=words[7] & 0xFFFF,
            accumulator_base=words[7] >> 16,
            parameters=words[8],
            destination=words[9],
            destination_pitch=words[10],
            columns=words[11] & 0xFFFF,
            columns_reserved=words[11] >> 16,
            clamp_low=words[12],
            clamp_high=words[13],
            profile=words[14],
            reserved=words[15],
        )


def link(descriptors: list[Descriptor], first_address: int) -> bytes:
    """Return the bytes of a chain that lies contiguously at `first_address`, linked in order."""
    image = bytearray()
    for index, descriptor in enumerate(descriptors):
        last = index == len(descriptors) - 1
        following = 0 if last else first_address + (index + 1) * DESCRIPTOR_BYTES
        image += replace(descriptor, next=following).pack()
    return bytes(image)
