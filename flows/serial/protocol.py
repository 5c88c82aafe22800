"""Encoding of messages between host and board. The board's side is sw/include/heepstor/serial/.

A message is a type, a sequence number, two zeros, a body, and the CRC-32 of all these. On the line
it is a frame: consistent overhead byte stuffing removes the zeros; one zero precedes it, and two
follow it.
docs/boards.md describes the messages.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import astuple, dataclass
from typing import ClassVar

MAGIC = 0x50454548
VERSION = 2
MAX_DATA = 1024
"""Most bytes that one WRITE or READ transfers."""
MAX_TEXT = 64
"""Most bytes of text in one TEXT."""
START_BYTES = 8
LOADER_BYTES = 2048
"""Bytes at the end of main memory that the loader itself needs."""
LEAST_DIVIDER = 5
"""Fewest clock cycles per bit."""

HELLO, WRITE, CHECK, START, READ, BUFFERS, INFER, LEAVE, SPEED, TEXT = range(1, 11)
REPLY = 0x80
ERROR = 0xFF

DAMAGED, UNKNOWN_REQUEST, BAD_ADDRESS = 1, 2, 3
REASONS = {
    DAMAGED: "the message was damaged in transit",
    UNKNOWN_REQUEST: "the request is unknown",
    BAD_ADDRESS: "the address is outside the permitted memory",
}

LOADER, SERVER = 1, 2

_HEADER = struct.Struct("<BBxx")
_CRC = struct.Struct("<I")
_LONGEST_BLOCK = 254


@dataclass(frozen=True)
class Message:
    """A request or a reply."""

    type: int
    sequence: int
    body: bytes = b""

    def words(self) -> tuple[int, ...]:
        """Return the body as 32-bit words. Raises struct.error if a word is incomplete."""
        return struct.unpack(f"<{len(self.body) // 4}I", self.body)


@dataclass(frozen=True)
class _Words:
    """A body with a fixed number of 32-bit words."""

    COUNT: ClassVar[int]

    @classmethod
    def unpack(cls, body: bytes):
        """Decode a body. Raises struct.error if its length is wrong."""
        return cls(*struct.unpack(f"<{cls.COUNT}I", body))

    def pack(self) -> bytes:
        """Return the body's bytes."""
        return struct.pack(f"<{self.COUNT}I", *astuple(self))


@dataclass(frozen=True)
class Hello(_Words):
    """Who answers, and on which hardware.

    `exit_code` is the last program's, if one `exited`; `session` is the number of the last START.
    """

    magic: int
    version: int
    role: int
    config_hash: int
    clock_hz: int
    memory_base: int
    memory_bytes: int
    array_size: int
    port_words: int
    buffer_words: int
    exited: int
    exit_code: int
    session: int
    COUNT = 13


@dataclass(frozen=True)
class Buffers(_Words):
    """A server's input and output buffers: addresses, and bytes per inference."""

    program: int
    input: int
    input_bytes: int
    output: int
    output_bytes: int
    COUNT = 5


@dataclass(frozen=True)
class Inference(_Words):
    """Result of an inference: cycles, and the engine's error, index and address (0: no error)."""

    cycles: int
    error: int
    index: int
    address: int
    COUNT = 4


def crc32(data: bytes) -> int:
    """Return the checksum for messages and memory: CRC-32 as in Ethernet and zip."""
    return zlib.crc32(data)


def encode(message: Message) -> bytes:
    """Return a message's frame, with the zero before it and the two after it."""
    data = _HEADER.pack(message.type, message.sequence) + message.body
    return b"\0" + stuff(data + _CRC.pack(crc32(data))) + b"\0\0"


def decode(frame: bytes) -> Message | None:
    """Return the message in a frame without its delimiters, or None if it is damaged."""
    data = unstuff(frame)
    if data is None or len(data) < _HEADER.size + _CRC.size:
        return None
    content, crc = data[: -_CRC.size], data[-_CRC.size :]
    if _CRC.unpack(crc)[0] != crc32(content):
        return None
    kind, sequence = _HEADER.unpack_from(content)
    return Message(kind, sequence, content[_HEADER.size :])


def stuff(data: bytes) -> bytes:
    """Return the data without zeros: blocks of up to 254 bytes, each prefixed by length plus one.

    A block represents its bytes and a zero; a block of 254 bytes, and the last one, only its bytes.
    """
    blocks = []
    for run in data.split(b"\0"):
        while len(run) >= _LONGEST_BLOCK:
            blocks.append(b"\xff" + run[:_LONGEST_BLOCK])
            run = run[_LONGEST_BLOCK:]
        blocks.append(bytes([len(run) + 1]) + run)
    # A block of maximum length at the end needs no empty one after it.
    if len(blocks) > 1 and blocks[-1] == b"\x01" and len(blocks[-2]) > _LONGEST_BLOCK:
        blocks.pop()
    return b"".join(blocks)


def unstuff(frame: bytes) -> bytes | None:
    """Invert `stuff`; return None if the block lengths do not fit the data."""
    data = bytearray()
    at = 0
    while at < len(frame):
        code = frame[at]
        block = frame[at + 1 : at + code]
        if len(block) != code - 1:
            return None
        data += block
        at += code
        if code <= _LONGEST_BLOCK and at < len(frame):
            data.append(0)
    return bytes(data)
