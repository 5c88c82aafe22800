"""Sends a program to the boot ROM's loader, and starts it.

Segments are sent from their beginnings on, so what an interrupted transfer has left is the
beginning of what shall be there: the loader's checksums tell how much of it, and only the rest is
sent.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from flows.errors import HeepstorError
from flows.progress import Progress
from flows.serial import protocol
from flows.serial.image import Image, Segment
from flows.serial.link import Link, NoAnswer, Refused
from flows.serial.protocol import Hello

BLOCK = protocol.MAX_DATA
"""Bytes that are sent at once: one KiB."""
# The board computes a checksum in less time than an answer may take, on slow clocks too.
_CHECKED_AT_ONCE = 64 * 1024
_STARTS = 5
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


def start(link: Link, image: Image) -> None:
    """Starts the program, once: what has run has changed its own data.

    Without a reply, the loader's answer to another request tells that it still waits; a program
    that runs answers nothing, or as a server. Raises NoAnswer if it never starts.
    """
    link.greeting = None
    for _ in range(_STARTS):
        if link.request_once(protocol.START, _WORD.pack(image.entry)) or not _waits(link):
            return
    raise NoAnswer


def _waits(link: Link) -> bool:
    """Whether the loader is there, and no program has ended and come back to it meanwhile."""
    try:
        return link.hello().role == protocol.LOADER and link.greeting is None
    except NoAnswer:
        return False


def write(link: Link, address: int, data: bytes) -> None:
    """Writes bytes, of any number, into the memory that the other side lets be written."""
    for at in range(0, len(data), BLOCK):
        _write_block(link, address + at, data[at : at + BLOCK])


def read(link: Link, address: int, count: int) -> bytes:
    """Reads bytes, of any number."""
    return b"".join(
        link.request(protocol.READ, _PAIR.pack(address + at, min(BLOCK, count - at))).body
        for at in range(0, count, BLOCK)
    )


def _send_segment(link: Link, segment: Segment, progress: Progress) -> int:
    """Sends what is missing of a segment; returns how many bytes were there already."""
    present = _present_blocks(link, segment)
    blocks = range(present * BLOCK, len(segment.data), BLOCK)
    for at in progress.track(blocks, "sending, KiB", len(blocks)):
        _write_block(link, segment.address + at, segment.data[at : at + BLOCK])
    return min(present * BLOCK, len(segment.data))


def _write_block(link: Link, address: int, data: bytes) -> None:
    try:
        link.request(protocol.WRITE, _WORD.pack(address) + data)
    except Refused as error:
        raise HeepstorError(
            f"the board does not take {len(data)} bytes at {address:#x}: {error}."
        ) from error


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
