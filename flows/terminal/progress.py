"""What a task prints while it runs: one line per stage, and progress on long ones."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

Item = TypeVar("Item")

# Seconds between progress lines where there is no terminal to redraw.
PLAIN_INTERVAL = 10.0


class Progress:
    """Shows nothing. Also the interface through which stages report progress."""

    def track(
        self, iterable: Iterable[Item], description: str, total: int | None = None
    ) -> Iterator[Item]:
        """Yield the items, showing how many of `total` are done."""
        yield from iterable

    def show(self, text: str) -> None:
        """Show what is happening now, replacing what was shown before."""

    def count(self, done: int, total: int, text: str) -> None:
        """Show how many of `total` are done, and what is happening now."""

    def note(self, text: str) -> None:
        """Print a line that stays."""

    def close(self) -> None:
        """Clear what is shown."""


class PlainProgress(Progress):
    """Prints an occasional line, for logs and pipes."""

    def __init__(self, stream: TextIO, label: str) -> None:
        self._stream = stream
        self._label = label
        self._shown = time.monotonic()

    def track(
        self, iterable: Iterable[Item], description: str, total: int | None = None
    ) -> Iterator[Item]:
        count = total if total is not None else getattr(iterable, "__len__", lambda: None)()
        for index, item in enumerate(iterable):
            self.show(f"{description} {index}" + (f"/{count}" if count else ""))
            yield item

    def show(self, text: str) -> None:
        if time.monotonic() - self._shown >= PLAIN_INTERVAL:
            self._shown = time.monotonic()
            self.note(f"... {text}")

    def count(self, done: int, total: int, text: str) -> None:
        self.show(f"{done}/{total} {text}")

    def note(self, text: str) -> None:
        print(f"{self._label:<10} {text}", file=self._stream, flush=True)


class TerminalProgress(Progress):
    """Redraws a line with a progress bar, which disappears when the stage ends."""

    def __init__(self, stream: TextIO, label: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        self._label = label
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn(f"{label:<10}{{task.description}}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            console=Console(file=stream),
            transient=True,
        )
        self._task = self._bars.add_task("", total=None, count="")
        self._bars.start()

    def track(
        self, iterable: Iterable[Item], description: str, total: int | None = None
    ) -> Iterator[Item]:
        count = total if total is not None else getattr(iterable, "__len__", lambda: None)()
        self._bars.reset(self._task, total=count, description=description, count="")
        for index, item in enumerate(iterable):
            yield item
            shown = f"{index + 1}/{count}" if count else str(index + 1)
            self._bars.update(self._task, completed=index + 1, count=shown)

    def show(self, text: str) -> None:
        self._bars.update(self._task, total=None, description=text, count="")

    def count(self, done: int, total: int, text: str) -> None:
        shown = f"{done}/{total}"
        self._bars.update(self._task, completed=done, total=total, description=text, count=shown)

    def note(self, text: str) -> None:
        self._bars.console.print(f"{self._label:<10} {text}", markup=False, highlight=False)

    def close(self) -> None:
        self._bars.stop()


class Terminal:
    """Prints a task's lines to a stream; stderr if stdout is for JSON."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout

    def line(self, name: str, status: str) -> None:
        """Print one line: a stage or a folder, and its status."""
        print(f"{name:<10} {status}", file=self.stream, flush=True)

    def note(self, text: str) -> None:
        """Print a remark on lines of its own."""
        print(text, file=self.stream, flush=True)

    @contextlib.contextmanager
    def progress(self, label: str) -> Iterator[Progress]:
        """Yield the progress display of one stage, suited to a terminal or a log."""
        is_terminal = self.stream.isatty()
        shown = (TerminalProgress if is_terminal else PlainProgress)(self.stream, label)
        try:
            yield shown
        finally:
            shown.close()
