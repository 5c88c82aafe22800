"""Cycles per layer of two builds: two bars for each layer, split by cause."""

from __future__ import annotations

from collections.abc import Sequence

from flows.report.charts.bars import (
    BAR_WIDTH,
    NAME_WIDTH,
    TOP,
    WIDTH,
    axis,
    name_lines,
    rest,
    segments,
)
from flows.report.svg import Drawing, text
from flows.units import Unit

BAR = 14
BAR_PITCH = 18
GAP = 12


def draw(reports: Sequence[dict], labels: list[str], unit: Unit) -> str:
    """Return the chart. All bars share one scale; layers of the same name are adjacent."""
    rows = [{row["name"]: row for row in (*report["layers"], rest(report))} for report in reports]
    names = [name for name in dict.fromkeys([*rows[0], *rows[1]]) if name != "the rest"]
    names.append("the rest")
    longest = max(row["cycles"] or 0 for found in rows for row in found.values()) or 1
    height = TOP + sum(_height(name, rows) for name in names) + 4
    drawing = Drawing(WIDTH, height, "cycles of each layer of both builds")
    drawing.add(*axis(longest, drawing.height, unit))
    y = float(TOP)
    for name in names:
        height = _height(name, rows)
        drawing.add(*name_lines(name, y + height / 2, NAME_WIDTH - 24))
        drawing.add(*_bars(name, rows, y, BAR_WIDTH / longest, unit))
        y += height
    return drawing.render("pairs")


def _height(name: str, rows: list[dict]) -> float:
    """Return the height of a layer in the chart: room for one bar or two."""
    return GAP + BAR_PITCH * sum(name in found for found in rows)


def _bars(name: str, rows: list[dict], top: float, scale: float, unit: Unit) -> list[str]:
    found = []
    y = top + GAP / 2
    for side, layers in enumerate(rows):
        if name not in layers:
            continue
        layer = layers[name]
        found.append(text(NAME_WIDTH - 6, y + BAR - 3, "AB"[side], "tick", "end"))
        found += segments(layer, y, BAR, scale, unit)
        found.append(text(WIDTH - 56, y + BAR - 3, unit.text(layer["cycles"]), "value", "end"))
        y += BAR_PITCH
    return found
