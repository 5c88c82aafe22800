"""Tables on a terminal and in a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

# If there is no terminal to ask.
PIPE_WIDTH = 100


def console(width: int | None = None, stream: TextIO | None = None) -> Console:
    """Return a console for tables, as wide as the terminal, or 100 columns without one."""
    from rich.console import Console

    class PlainConsole(Console):
        """Prints text verbatim, and leaves a broken pipe to the task."""

        def on_broken_pipe(self) -> None:
            raise

    stream = stream or sys.stdout
    if width is None and not stream.isatty():
        width = PIPE_WIDTH
    return PlainConsole(file=stream, width=width, highlight=False, markup=False, emoji=False)
