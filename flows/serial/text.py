"""Text that a program on the board prints; it arrives in messages, checked and in order."""

from __future__ import annotations

from collections.abc import Iterator

from flows.serial.protocol import Message


class Text:
    """Turns TEXT messages, each of which may arrive several times, into lines."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._last: int | None = None
        self.is_incomplete = False
        """Whether a message is missing because the program gave up repeating it."""

    def begin(self) -> None:
        """Start over; the next message is the first one of a program."""
        self._pending.clear()
        self._last = 0
        self.is_incomplete = False

    def take(self, message: Message) -> Iterator[str]:
        """Take a message; yield each line that is now complete, without its end."""
        if message.sequence == self._last:
            return
        if self._last is not None and message.sequence != self._last % 255 + 1:
            self.is_incomplete = True
        self._last = message.sequence
        *lines, rest = (bytes(self._pending) + message.body).split(b"\n")
        self._pending = bytearray(rest)
        yield from map(_decoded, lines)

    def rest(self) -> str:
        """Return the text of an unfinished line."""
        return _decoded(self._pending)


def _decoded(data: bytes | bytearray) -> str:
    return bytes(data).decode("ascii", errors="replace").rstrip("\r")
