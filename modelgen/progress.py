"""What the stages need to tell the user how far they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Progress(Protocol):
    """Shows progress; `flows` has one for terminals."""

    def track(
        self, iterable: Iterable[Item], description: str, total: int | None = None
    ) -> Iterable[Item]:
        """Yield the items, and show how many of `total` are done."""


class Silent:
    """Shows nothing but notes."""

    def track(
        self, iterable: Iterable[Item], description: str, total: int | None = None
    ) -> Iterator[Item]:
        """Yield the items."""
        yield from iterable

    def note(self, text: str) -> None:
        """Print a line that stays."""
        print(text)


def tell(progress: Progress | None, text: str) -> None:
    """Show a line that stays; `progress` may have a `note` of its own."""
    getattr(progress, "note", print)(text)
