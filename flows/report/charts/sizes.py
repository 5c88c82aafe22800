"""Main memory as one bar: code, data, weights, arena, stack and free space."""

from __future__ import annotations

from flows.report.svg import Drawing, rectangle
from flows.units import percent, size

WIDTH = 960
HEIGHT = 24
PARTS = ("code", "data", "weights", "arena", "stack", "free")
"""The parts of the report's `memory` that add up to the main memory."""


def draw(report: dict) -> str:
    """Return the bar."""
    memory = report["memory"]
    whole = sum(memory[part] for part in PARTS)
    drawing = Drawing(WIDTH, HEIGHT, "what main memory is used for")
    x = 0.0
    for part in PARTS:
        width = WIDTH * memory[part] / whole
        hint = f"{part}: {size(memory[part])} ({percent(memory[part] / whole)})"
        drawing.add(rectangle(x, 0, width, HEIGHT, f"part {part}", hint))
        x += width
    return drawing.render("sizes", stretch=True)
