"""A report as the terminal shows it."""

from __future__ import annotations

import io

from flows.report import terminal
from flows.terminal.progress import Terminal


def shown(found: dict, width: int = 100) -> str:
    stream = io.StringIO()
    terminal.show(found, Terminal(stream), width)
    return stream.getvalue()
