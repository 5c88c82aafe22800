"""Sending a program to the boot ROM's loader, and starting it.

Segments are sent from the start, so an interrupted transfer leaves their beginnings in memory: the
loader's checksums show how much of them, and only the rest is sent.
"""

from __future__ import annotations

import contextlib
import secrets
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flows.errors import HeepstorError
from flows.serial import protocol
from flows.serial.image import Image, Segment
from flows.serial.link import Link, NoAnswer, Refused, is_answer
from flows.serial.pace import Tries
from flows.serial.protocol import Hello, Message
from flows.terminal.progress import Progress

BLOCK = protocol.MAX_DATA
"""Granularity in bytes at which the board's memory is compared: 1 KiB."""
# The board computes one checksum within the time limit for answers, even with slow clocks.
_CHECKED_AT_ONCE = 64 * 1024
_PAIR = struct.Struct("<II")
_WORD = struct.Struct("<I")


@dataclass(frozen=True)
class Sent:
    """Bytes that were sent, and bytes that were already there."""

    sent: int
    found: int


def check_room(image: Image, board: Hello) -> None:
    """Raise HeepstorError if the program does not fit the memory that the loader may write."""
    end = board.memory_base + board.memory_bytes - protocol.LOADER_BYTES
    outside = [s for s in image.segments if s.address < board.memory_base or s.end > end]
    if outside:
        raise HeepstorError(
            f"the program needs memory up to {outside[-1].end:#x}, but the board has room for "
            f"programs from {board.memory_base:#x} to {end:#x} (its loader needs the last "
            f"{protocol.LOADER_BYTES} bytes). Raise memory.bank_kib or stack_kib."
        )


def send(link: Link, image: Image, progress: Progress) -> Sent:
    """Transfer a program to the board's memory and check that all of it arrived.

    Raises HeepstorError if memory differs from what was written, NoAnswer if there is no answer.
    """
    found = sum(_send_segment(link, segment, progress) for segment in image.segments)
    progress.show("checking the board's memory")
    for segment in image.segments:
        if not _holds(link, segment, 0, len(segment.data)):
            raise HeepstorError(
                f"the board's memory from {segment.address:#x} on differs from what was written: "
                "something else writes to it, or it is faulty. Reset the board and try again."
            )
    return Sent(image.bytes - found, found)


def start(link: Link, image: Image) -> int:
    """Start the program, once only: running it changes its data.

    A repeated START has the same session number and is only acknowledged. Returns the session,
    which the board reports until the next START. Without an answer, the program may be running:
    only a server answers.
    """
    session = secrets.randbits(31) + 1
    link.begin_text()
    with contextlib.suppress(NoAnswer):
        link.request(protocol.START, _PAIR.pack(image.entry, session))
    return session


def write(link: Link, address: int, data: bytes) -> None:
    """Write any number of bytes to memory that loader or server permits to be written."""

    def body(at: int, count: int) -> bytes:
        return _WORD.pack(address + at) + data[at : at + count]

    try:
        for _ in _pieces(link, protocol.WRITE, len(data), body):
            pass
    except Refused as error:
        raise HeepstorError(
            f"the board refuses {len(data)} bytes at {address:#x}: {error}."
        ) from error


def read(link: Link, address: int, count: int) -> bytes:
    """Read any number of bytes."""

    def body(at: int, count: int) -> bytes:
        return _PAIR.pack(address + at, count)

    return b"".join(reply.body for reply in _pieces(link, protocol.READ, count, body))


def _pieces(
    link: Link, kind: int, count: int, body: Callable[[int, int], bytes]
) -> Iterator[Message]:
    """Transfer `count` bytes in pieces that get through the line; yield the reply to each.

    `body` makes a request's body from a piece's beginning and size. Continues as long as pieces
    arrive. Raises NoAnswer.
    """
    at, tries = 0, Tries()
    while at < count:
        size = min(link.pace.size, count - at)
        reply = link.attempt(kind, body(at, size))
        if is_answer(reply):
            at, tries = at + size, Tries()
            link.pace.succeeded()
            yield reply
        else:
            link.pace.failed()
            tries.failed(reply)


def _send_segment(link: Link, segment: Segment, progress: Progress) -> int:
    """Send the missing part of a segment; return how many bytes were already there."""
    present = _present_blocks(link, segment)
    blocks = range(present * BLOCK, len(segment.data), BLOCK)
    for at in progress.track(blocks, "sending, KiB", len(blocks)):
        write(link, segment.address + at, segment.data[at : at + BLOCK])
    return min(present * BLOCK, len(segment.data))


def _present_blocks(link: Link, segment: Segment) -> int:
    """Return how many blocks at a segment's beginning are already in memory.

    Checks one, two, four ... further blocks until some differ, then bisects these: an empty board
    costs only one short check.
    """
    total = -(-len(segment.data) // BLOCK)
    low, step = 0, 1
    while low < total and _has_blocks(link, segment, low, min(low + step, total)):
        low, step = min(low + step, total), 2 * step
    high = min(low + step, total)
    while low < high - 1:
        middle = (low + high) // 2
        if _has_blocks(link, segment, low, middle):
            low = middle
        else:
            high = middle
    return low


def _has_blocks(link: Link, segment: Segment, first: int, end: int) -> bool:
    return _holds(link, segment, first * BLOCK, min(end * BLOCK, len(segment.data)))


def _holds(link: Link, segment: Segment, begin: int, end: int) -> bool:
    """Return whether the memory has these bytes of a segment."""
    return all(
        _holds_piece(link, segment, at, min(at + _CHECKED_AT_ONCE, end))
        for at in range(begin, end, _CHECKED_AT_ONCE)
    )


def _holds_piece(link: Link, segment: Segment, begin: int, end: int) -> bool:
    reply = link.request(protocol.CHECK, _PAIR.pack(segment.address + begin, end - begin))
    return reply.words() == (protocol.crc32(segment.data[begin:end]),)
