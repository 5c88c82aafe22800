"""clang-format for generated C++."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from modelgen.errors import ModelError

_STYLE_FILE = Path(__file__).resolve().parents[2] / ".clang-format"
_COLUMNS = 100
"""The longest line of that style."""
_CHAINED = re.compile(r"^ +\.\w+\(", re.MULTILINE)
"""A line with the next one of several chained calls."""


@cache
def _executable() -> str:
    """Return the clang-format of this Python environment, else the one on PATH."""
    own = Path(sys.executable).parent / "clang-format"
    found = str(own) if own.exists() else shutil.which("clang-format")
    if found is None:
        raise ModelError(
            "clang-format is missing, which the generated C++ needs. It is a Python package: "
            "install it where HEEPstor is installed."
        )
    return found


def format_cpp(text: str, name: str) -> str:
    """Return C++ in the project's style.

    Blocks of lines with chained calls, one in each line, are taken for formatted if no line is too
    long: there are thousands of them, for each of which clang-format would weigh all layouts.

    Args:
        text: the source.
        name: of its file, which says whether it is a header.

    Raises:
        ModelError: clang-format is missing or fails.
    """
    ranges = [f"--lines={first}:{last}" for first, last in _unformatted(text)]
    style = f"--style=file:{_STYLE_FILE}"
    command = [_executable(), style, f"--assume-filename={name}", *ranges]
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if result.returncode:
        raise ModelError(f"clang-format failed on {name}: {result.stderr.strip()}")
    return result.stdout


def _unformatted(text: str) -> Iterator[tuple[int, int]]:
    """Yield the first and last line of the parts that need formatting, counted from 1."""
    first = line = 1
    for block in text.split("\n\n"):
        lines = block.split("\n")
        if _CHAINED.search(block) and max(map(len, lines)) <= _COLUMNS:
            # The empty lines before and after count as part of the block.
            if first < line:
                yield first, line - 2
            first = line + len(lines) + 1
        line += len(lines) + 1
    if first < line:
        yield first, line - 2
