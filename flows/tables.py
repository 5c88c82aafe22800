"""Tables on a terminal and in a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

# Where there is no terminal to ask.
PIPE_WIDTH = 100


def console(width: int | None = None, stream: TextIO | None = None) -> Console:
    """A console for tables: as wide as the terminal, and 100 columns without one."""
    from rich.console import Console

    stream = stream or sys.stdout
    if width is None and not stream.isatty():
        width = PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False)
