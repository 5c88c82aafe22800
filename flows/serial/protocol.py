"""Messages between host and board, as bytes. The board's side is sw/include/heepstor/serial/.

A message is a type, a sequence number, two zeros, a body, and the CRC-32 of all that. On the line
it is a frame: without zeros by consistent overhead byte stuffing, a zero before and two after it.
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
"""Most bytes that one WRITE or READ moves."""
MAX_TEXT = 64
"""Most bytes of printed text in one TEXT."""
START_BYTES = 8
LOADER_BYTES = 2048
"""Bytes at the end of the main memory that the loader needs for itself."""
LEAST_DIVIDER = 5
"""Fewest clock cycles of a bit."""

HELLO, WRITE, CHECK, START, READ, BUFFERS, INFER, LEAVE, SPEED, TEXT = range(1, 11)
REPLY = 0x80
ERROR = 0xFF

DAMAGED, UNKNOWN_REQUEST, BAD_ADDRESS = 1, 2, 3
REASONS = {
    DAMAGED: "the message was damaged on the way",
    UNKNOWN_REQUEST: "it does not know the request",
    BAD_ADDRESS: "the address is outside the memory that it may touch",
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
        """The body as 32-bit words; struct.error if it is not made of whole ones."""
        return struct.unpack(f"<{len(self.body) // 4}I", self.body)


@dataclass(frozen=True)
class _Words:
    """A body that is a fixed number of 32-bit words."""

    COUNT: ClassVar[int]

    @classmethod
    def unpack(cls, body: bytes):
        """Reads a body; struct.error if it has another length."""
        return cls(*struct.unpack(f"<{cls.COUNT}I", body))

    def pack(self) -> bytes:
        """The body's bytes."""
        return struct.pack(f"<{self.COUNT}I", *astuple(self))


@dataclass(frozen=True)
class Hello(_Words):
    """Who answers, and what hardware that is.

    `exit_code` is the last program's if one `exited`, `session` the number of the last START.
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
    """Where a server takes inputs and leaves outputs: addresses, and bytes of one inference."""

    program: int
    input: int
    input_bytes: int
    output: int
    output_bytes: int
    COUNT = 5


@dataclass(frozen=True)
class Inference(_Words):
    """How an inference went: cycles; error, index and address are the engine's (0: no error)."""

    cycles: int
    error: int
    index: int
    address: int
    COUNT = 4


def crc32(data: bytes) -> int:
    """The checksum of messages and of memory: CRC-32 as in Ethernet and zip."""
    return zlib.crc32(data)


def encode(message: Message) -> bytes:
    """The frame of a message, the zero before it and the two after it included."""
    data = _HEADER.pack(message.type, message.sequence) + message.body
    return b"\0" + stuff(data + _CRC.pack(crc32(data))) + b"\0\0"


def decode(frame: bytes) -> Message | None:
    """The message in a frame without its zeros; None if it was damaged."""
    data = unstuff(frame)
    if data is None or len(data) < _HEADER.size + _CRC.size:
        return None
    content, crc = data[: -_CRC.size], data[-_CRC.size :]
    if _CRC.unpack(crc)[0] != crc32(content):
        return None
    kind, sequence = _HEADER.unpack_from(content)
    return Message(kind, sequence, content[_HEADER.size :])


def stuff(data: bytes) -> bytes:
    """The data without zeros: blocks of up to 254 other bytes, each after its length plus one.

    A block stands for its bytes and a zero; the longest, and the last, for its bytes alone.
    """
    blocks = []
    for run in data.split(b"\0"):
        while len(run) >= _LONGEST_BLOCK:
            blocks.append(b"\xff" + run[:_LONGEST_BLOCK])
            run = run[_LONGEST_BLOCK:]
        blocks.append(bytes([len(run) + 1]) + run)
    # A longest block at the end needs no empty one after it.
    if len(blocks) > 1 and blocks[-1] == b"\x01" and len(blocks[-2]) > _LONGEST_BLOCK:
        blocks.pop()
    return b"".join(blocks)


def unstuff(frame: bytes) -> bytes | None:
    """The data of what `stuff` gave; None if blocks do not fit."""
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
