"""The interface through which stages report progress."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Progress(Protocol):
    """Shows progress; `flows` has one for terminals."""

    def track(
        self, iterable: Iterable[Item], description: str, total: int | None = None
    ) -> Iterable[Item]:
        """Return the items, and show how many of `total` are done as they are consumed."""

    def note(self, text: str) -> None:
        """Print a line that stays."""


class Silent:
    """Shows nothing."""

    def track(
        self, iterable: Iterable[Item], description: str, total: int | None = None
    ) -> Iterable[Item]:
        """Return the items."""
        return iterable

    def note(self, text: str) -> None:
        """Do nothing."""
