"""Text that a program on the board prints: it comes in messages, checked and in their order."""

from __future__ import annotations

from collections.abc import Iterator

from flows.serial.protocol import Message


class Text:
    """Makes lines of TEXT messages; each may come several times."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._last: int | None = None
        self.is_incomplete = False
        """Whether a message is missing: the program has given up repeating it."""

    def begin(self) -> None:
        """Forget what was; the next message is the first of a program."""
        self._pending.clear()
        self._last = 0
        self.is_incomplete = False

    def take(self, message: Message) -> Iterator[str]:
        """Yield each line, without its end, that is complete now."""
        if message.sequence == self._last:
            return
        if self._last is not None and message.sequence != self._last % 255 + 1:
            self.is_incomplete = True
        self._last = message.sequence
        *lines, rest = (bytes(self._pending) + message.body).split(b"\n")
        self._pending = bytearray(rest)
        yield from map(_decoded, lines)

    def rest(self) -> str:
        """Text that has come without an end of line."""
        return _decoded(self._pending)


def _decoded(data: bytes | bytearray) -> str:
    return bytes(data).decode("ascii", errors="replace").rstrip("\r")
