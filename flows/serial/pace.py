"""How a conversation goes on over a bad line: shorter messages, and when to give up."""

from __future__ import annotations

from flows.serial import protocol
from flows.serial.protocol import Message

SILENCES = 4
"""How often in a row an unanswered request is repeated."""
DAMAGES = 100
"""How often a damaged request is repeated: one zero too many gives two complaints."""
_LEAST = 16
"""Bytes of the shortest messages of a transfer."""
_CLEAN = 8
"""Messages that have to arrive before longer ones are tried."""


class NoAnswer(Exception):
    """The board has not answered a request, however often it was repeated."""


class Tries:
    """Counts what becomes of one request, or of a piece of a transfer that makes no progress."""

    def __init__(self) -> None:
        self._silences = self._damages = 0

    def failed(self, complaint: Message | None) -> None:
        """The request was damaged (`complaint`), or nobody answered. Raises NoAnswer at the end."""
        if complaint is None:
            self._silences += 1
        else:
            self._silences = 0
            self._damages += 1
        if self._silences > SILENCES or self._damages > DAMAGES:
            raise NoAnswer


class Pace:
    """Bytes for the next message to carry: halved after damage, doubled after several clean ones.

    A message of n bytes is whole with a chance that falls exponentially with n, so that a line on
    which long ones never arrive may well carry short ones.
    """

    def __init__(self) -> None:
        self.size = protocol.MAX_DATA
        self._clean = 0

    def succeeded(self) -> None:
        """A message and its reply have arrived."""
        self._clean += 1
        if self._clean == _CLEAN:
            self.size, self._clean = min(2 * self.size, protocol.MAX_DATA), 0

    def failed(self) -> None:
        """One of them has not."""
        self.size, self._clean = max(self.size // 2, _LEAST), 0
