"""What comes from a board: text that programs print, and frames between zeros."""

from __future__ import annotations

from collections.abc import Iterator

from flows.serial import protocol
from flows.serial.protocol import Message

DAMAGE = Message(protocol.ERROR, 0, protocol.DAMAGED.to_bytes(4, "little"))
"""The complaint of a board about a damaged request; here also of the host about a damaged reply."""


class Splitter:
    """Takes bytes as they arrive; gives lines of text and messages in their order.

    A frame begins with a zero, a code and the message's type, which is 0x80 or more; printed text
    is ASCII. So two bytes after a zero tell frames from text. A damaged frame gives DAMAGE.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._frame: bytearray | None = None

    def take(self, data: bytes) -> Iterator[str | Message]:
        """Yields each line (without its end) and each message that is complete now."""
        for byte in data:
            if byte == 0:
                yield from self._end_of_part()
            elif self._frame is not None:
                self._frame.append(byte)
                if len(self._frame) == 2 and byte < protocol.REPLY:
                    yield from self._turn_into_text()
            else:
                yield from self._take_text(byte)

    def rest(self) -> str:
        """Text that has come without an end of line."""
        return _text(self._pending)

    def _end_of_part(self) -> Iterator[str | Message]:
        frame, self._frame = self._frame, bytearray()
        if self._pending:
            yield _text(self._pending)
            self._pending.clear()
        if frame:
            yield protocol.decode(bytes(frame)) or DAMAGE

    def _turn_into_text(self) -> Iterator[str]:
        text, self._frame = self._frame or b"", None
        for byte in text:
            yield from self._take_text(byte)

    def _take_text(self, byte: int) -> Iterator[str]:
        if byte == ord("\n"):
            yield _text(self._pending)
            self._pending.clear()
        else:
            self._pending.append(byte)


def _text(data: bytes) -> str:
    return bytes(data).decode("ascii", errors="replace").rstrip("\r")
