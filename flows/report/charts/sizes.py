"""Main memory as one bar: code, data, weights, arena, stack, and what is free."""

from __future__ import annotations

from flows.report.svg import Drawing, rectangle
from flows.units import percent, size

WIDTH = 960
HEIGHT = 24
PARTS = ("code", "data", "weights", "arena", "stack", "free")
"""Parts of the report's `memory` that together are all of the main memory."""


def draw(report: dict) -> str:
    """The bar."""
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
