"""The engine's descriptor: 32 words in main memory that describe one job.

Its fields and their layout are generated from cores/engine/descriptor.rdl (`abi.py`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import Any

from modelgen.targets.systolic.abi import DESCRIPTOR_WORDS, FLOATS, LAYOUT, SIGNED, Factor, Fields

DESCRIPTOR_BYTES = 4 * DESCRIPTOR_WORDS


@dataclass(frozen=True)
class Descriptor(Fields):
    """One engine job, with the hardware's fields."""

    reserved: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    """(word, bits) where reserved bits are set, kept so that a malformed descriptor stays so."""

    @property
    def stores(self) -> bool:
        """Whether results leave the accumulators."""
        return self.store_memory or self.store_buffer

    @property
    def reads_operand(self) -> bool:
        """Whether results are added to, or multiplied by, an operand in memory."""
        return self.stores and (self.add_residual or self.factor == Factor.OPERAND)

    @property
    def positions(self) -> int:
        """Output positions before pooling: accumulator entries of a tile."""
        return self.position_columns * self.position_rows

    def pack(self) -> bytes:
        """Return the 128 bytes as stored in memory (little endian)."""
        words = [0] * DESCRIPTOR_WORDS
        for name, (word, low, _) in LAYOUT.items():
            words[word] |= _encode(name, getattr(self, name)) << low
        for word, bits in self.reserved:
            words[word] |= bits
        return _WORDS.pack(*words)

    @classmethod
    def unpack(cls, data: bytes) -> Descriptor:
        """Return the descriptor stored in 128 bytes."""
        words = _WORDS.unpack(data)
        fields: dict[str, Any] = {
            name: _decode(name, words[word] >> low & _mask(width))
            for name, (word, low, width) in LAYOUT.items()
        }
        leftovers = ((i, word & ~_KNOWN_BITS[i]) for i, word in enumerate(words))
        return cls(**fields, reserved=tuple((i, bits) for i, bits in leftovers if bits))


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
        ValueError: the value does not fit the field.
    """
    if name in FLOATS:
        return struct.unpack("<I", struct.pack("<f", value))[0]
    width = LAYOUT[name][2]
    low = -(1 << (width - 1)) if name in SIGNED else 0
    if not low <= value <= low + _mask(width):
        raise ValueError(f"{name} of a descriptor is {value}, which does not fit its {width} bits")
    return int(value) & _mask(width)


def _decode(name: str, bits: int) -> float:
    if name in FLOATS:
        return struct.unpack("<f", struct.pack("<I", bits))[0]
    width = LAYOUT[name][2]
    if name in SIGNED and bits >> (width - 1):
        return bits - (1 << width)
    return bool(bits) if width == 1 else bits


def link(descriptors: list[Descriptor], first_address: int) -> bytes:
    """Return the bytes of a chain, linked in order and stored contiguously at `first_address`."""
    image = bytearray()
    for index, descriptor in enumerate(descriptors):
        last = index == len(descriptors) - 1
        following = 0 if last else first_address + (index + 1) * DESCRIPTOR_BYTES
        image += replace(descriptor, next=following).pack()
    return bytes(image)
