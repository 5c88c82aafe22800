"""The frames in what comes from a board."""

from __future__ import annotations

from collections.abc import Iterator

from flows.serial import protocol
from flows.serial.protocol import Message

DAMAGE = Message(protocol.ERROR, 0, protocol.DAMAGED.to_bytes(4, "little"))
"""The complaint of a board about a damaged request; here also of the host about a damaged reply."""

_LONGEST = 2 * protocol.MAX_DATA
"""Longer than any frame; what is longer still need not be kept."""


class Splitter:
    """Takes bytes as they arrive; gives messages in their order, DAMAGE for what is none."""

    def __init__(self) -> None:
        self._frame = bytearray()

    def take(self, data: bytes) -> Iterator[Message]:
        """Yield each message that is complete now."""
        for byte in data:
            if byte != 0:
                if len(self._frame) <= _LONGEST:
                    self._frame.append(byte)
            elif self._frame:
                frame, self._frame = self._frame, bytearray()
                yield protocol.decode(bytes(frame)) or DAMAGE
