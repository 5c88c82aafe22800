"""Coping with a bad line: shorter messages, and when to give up."""

from __future__ import annotations

from flows.serial import protocol
from flows.serial.protocol import Message

SILENCES = 4
"""How often an unanswered request is repeated in a row."""
DAMAGES = 100
"""How often a damaged request is repeated: one spurious zero causes two complaints."""
_LEAST = 16
"""Bytes in the shortest messages of a transfer."""
_CLEAN = 8
"""Messages that must arrive before longer ones are tried."""


class NoAnswer(Exception):
    """The board did not answer a request in spite of repetitions."""


class Tries:
    """Counts the failures of one request, or of a transfer while it makes no progress."""

    def __init__(self) -> None:
        self._silences = self._damages = 0

    def failed(self, complaint: Message | None) -> None:
        """Count a damaged request (`complaint`) or a missing answer. Raises NoAnswer at a limit."""
        if complaint is None:
            self._silences += 1
        else:
            self._silences = 0
            self._damages += 1
        if self._silences > SILENCES or self._damages > DAMAGES:
            raise NoAnswer


class Pace:
    """Bytes in the next message: halved after damage, doubled after several clean messages.

    The probability that a message of n bytes is undamaged falls exponentially with n, so a line on
    which long messages never arrive may well carry short ones.
    """

    def __init__(self) -> None:
        self.size = protocol.MAX_DATA
        self._clean = 0

    def succeeded(self) -> None:
        """Record that a message and its reply have arrived."""
        self._clean += 1
        if self._clean == _CLEAN:
            self.size, self._clean = min(2 * self.size, protocol.MAX_DATA), 0

    def failed(self) -> None:
        """Record that one of them has not."""
        self.size, self._clean = max(self.size // 2, _LEAST), 0
