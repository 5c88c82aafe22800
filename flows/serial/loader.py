"""Sends a program to the boot ROM's loader, and starts it.

Segments are sent from their beginnings on, so an interrupted transfer leaves the beginning of
them in memory: the loader's checksums tell how much, and only the rest is sent.
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
"""Bytes that are looked for at once in the board's memory: one KiB."""
# The board computes a checksum in less time than an answer may take, on slow clocks too.
_CHECKED_AT_ONCE = 64 * 1024
_PAIR = struct.Struct("<II")
_WORD = struct.Struct("<I")


@dataclass(frozen=True)
class Sent:
    """Bytes that were sent, and that were there already."""

    sent: int
    found: int


def check_room(image: Image, board: Hello) -> None:
    """Raises HeepstorError if the program does not fit into what the loader may write."""
    end = board.memory_base + board.memory_bytes - protocol.LOADER_BYTES
    outside = [s for s in image.segments if s.address < board.memory_base or s.end > end]
    if outside:
        raise HeepstorError(
            f"the program needs memory up to {outside[-1].end:#x}, but on the board programs may "
            f"lie from {board.memory_base:#x} to {end:#x} (its loader keeps the last "
            f"{protocol.LOADER_BYTES} bytes). Raise memory.bank_kib or stack_kib."
        )


def send(link: Link, image: Image, progress: Progress) -> Sent:
    """Brings a program into the board's memory and checks that all of it arrived.

    Raises HeepstorError if memory does not hold what was written, NoAnswer if nobody answers.
    """
    found = sum(_send_segment(link, segment, progress) for segment in image.segments)
    progress.show("checking the board's memory")
    for segment in image.segments:
        if not _holds(link, segment, 0, len(segment.data)):
            raise HeepstorError(
                f"the board's memory from {segment.address:#x} on does not hold what was written: "
                "something else writes there, or it is faulty. Reset the board and try again."
            )
    return Sent(image.bytes - found, found)


def start(link: Link, image: Image) -> int:
    """Starts the program, once: what has run has changed its own data.

    A START that is repeated has the same session, and is only answered. Returns the session; the
    board tells it until the next START. Without an answer the program may be running: it gives none
    unless it serves.
    """
    session = secrets.randbits(31) + 1
    link.begin_text()
    with contextlib.suppress(NoAnswer):
        link.request(protocol.START, _PAIR.pack(image.entry, session))
    return session


def write(link: Link, address: int, data: bytes) -> None:
    """Writes bytes, of any number, into the memory that the other side lets be written."""

    def body(at: int, count: int) -> bytes:
        return _WORD.pack(address + at) + data[at : at + count]

    try:
        for _ in _pieces(link, protocol.WRITE, len(data), body):
            pass
    except Refused as error:
        raise HeepstorError(
            f"the board does not take {len(data)} bytes at {address:#x}: {error}."
        ) from error


def read(link: Link, address: int, count: int) -> bytes:
    """Reads bytes, of any number."""

    def body(at: int, count: int) -> bytes:
        return _PAIR.pack(address + at, count)

    return b"".join(reply.body for reply in _pieces(link, protocol.READ, count, body))


def _pieces(
    link: Link, kind: int, count: int, body: Callable[[int, int], bytes]
) -> Iterator[Message]:
    """Move `count` bytes in pieces that the line lets through; yield the reply to each.

    `body` makes a request's body of the piece's beginning and size. As long as pieces arrive, it
    goes on. Raises NoAnswer.
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
    """Sends what is missing of a segment; returns how many bytes were there already."""
    present = _present_blocks(link, segment)
    blocks = range(present * BLOCK, len(segment.data), BLOCK)
    for at in progress.track(blocks, "sending, KiB", len(blocks)):
        write(link, segment.address + at, segment.data[at : at + BLOCK])
    return min(present * BLOCK, len(segment.data))


def _present_blocks(link: Link, segment: Segment) -> int:
    """How many blocks at a segment's beginning are in memory already.

    Checks one, two, four ... further blocks until some are wrong, then halves those: an empty board
    costs one short check.
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
    """Whether the memory holds these bytes of a segment."""
    return all(
        _holds_piece(link, segment, at, min(at + _CHECKED_AT_ONCE, end))
        for at in range(begin, end, _CHECKED_AT_ONCE)
    )


def _holds_piece(link: Link, segment: Segment, begin: int, end: int) -> bool:
    reply = link.request(protocol.CHECK, _PAIR.pack(segment.address + begin, end - begin))
    return reply.words() == (protocol.crc32(segment.data[begin:end]),)
