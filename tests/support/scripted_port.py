"""A serial port from which given bytes come."""

from __future__ import annotations


class Script:
    """A port from which given bytes come."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = list(parts)

    in_waiting = 4096

    def read(self, size: int) -> bytes:
        return self._parts.pop(0) if self._parts else b""

    def write(self, data: bytes) -> None:
        """Nothing listens."""
