"""Splitting what a board sends into frames."""

from __future__ import annotations

from collections.abc import Iterator

from flows.serial import protocol
from flows.serial.protocol import Message

DAMAGE = Message(protocol.ERROR, 0, protocol.DAMAGED.to_bytes(4, "little"))
"""A board's complaint about a damaged request; here also the host's about a damaged reply."""

_LONGEST = 2 * protocol.MAX_DATA
"""Longer than any frame; nothing longer needs to be kept."""


class Splitter:
    """Takes bytes as they arrive; yields messages in order, and DAMAGE for anything else."""

    def __init__(self) -> None:
        self._frame = bytearray()

    def take(self, data: bytes) -> Iterator[Message]:
        """Take more bytes; yield each message that is now complete."""
        for byte in data:
            if byte != 0:
                if len(self._frame) <= _LONGEST:
                    self._frame.append(byte)
            elif self._frame:
                frame, self._frame = self._frame, bytearray()
                yield protocol.decode(bytes(frame)) or DAMAGE
