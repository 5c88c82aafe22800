"""Memory over time: what is where while each layer runs, as boxes and as text."""

from __future__ import annotations

import itertools
import string
import textwrap
from dataclasses import dataclass

_LINES = 8
_LEAST = 32
"""Bytes or words per line of text, at least."""
_WIDTH = 98
_COLUMN = 2
_MARKS = string.ascii_uppercase + string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class Box:
    """A tensor in [begin, end) of a memory during the layers `first` to `last`, inclusive."""

    tensor: str
    begin: int
    end: int
    first: int
    last: int
    over: str | None = None
    """The tensor that it overwrites during its first layer."""

    @property
    def size(self) -> int:
        """Its size, in the memory's unit."""
        return self.end - self.begin

    @property
    def label(self) -> str:
        """Its name, its size, and the tensor that it overwrites."""
        over = f" over {self.over}" if self.over else ""
        return f"{self.tensor}: {self.size:,}{over}"


def boxes(regions: list[dict], unit: str) -> list[Box]:
    """Return the boxes of a report's arena (`unit` "bytes") or buffer ("words")."""
    return [
        Box(
            region["tensor"],
            region["offset"],
            region["offset"] + region[unit],
            region["first"],
            region["last"],
            region["over"],
        )
        for region in regions
    ]


def draw(found: list[Box], steps: int) -> list[str]:
    """Draw boxes as lines of text: addresses downwards, layers to the right, a letter per tensor.

    A legend below gives the tensors' names and sizes.

    Each cell shows the tensor that covers most of it; `.` is free memory.
    """
    height = max(box.end for box in found)
    lines = min(_LINES, -(-height // _LEAST))
    bounds = [height * line // lines for line in range(lines + 1)]
    width = len(f"{height:,}")
    picture = []
    for low, high in itertools.pairwise(bounds):
        cells = (_cell(found, step, low, high) for step in range(steps))
        row = "".join(cell * _COLUMN for cell in cells)
        picture.append(f"  {low:>{width},} |{row}|")
    legend = ", ".join(f"{_mark(number)} {box.label}" for number, box in enumerate(found))
    return [*picture, *textwrap.wrap(legend, _WIDTH, initial_indent="  ", subsequent_indent="  ")]


def _mark(number: int) -> str:
    return _MARKS[number % len(_MARKS)]


def _cell(found: list[Box], step: int, low: int, high: int) -> str:
    best, mark = 0, "."
    for number, box in enumerate(found):
        overlap = min(box.end, high) - max(box.begin, low)
        if box.first <= step <= box.last and overlap > best:
            best, mark = overlap, _mark(number)
    return mark
