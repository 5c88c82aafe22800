"""Cycles a layer of two builds: two bars each, split by what the cycles went to."""

from __future__ import annotations

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
from flows.report.units import Unit

ROW = 46
BAR = 14


def draw(reports: list[dict], labels: list[str], unit: Unit) -> str:
    """The chart. All bars share one scale; layers of the same name stand together."""
    rows = [{row["name"]: row for row in (*report["layers"], rest(report))} for report in reports]
    names = [name for name in dict.fromkeys([*rows[0], *rows[1]]) if name != "the rest"]
    names.append("the rest")
    longest = max(row["cycles"] or 0 for found in rows for row in found.values()) or 1
    drawing = Drawing(WIDTH, TOP + ROW * len(names) + 4, "cycles of each layer of both builds")
    drawing.add(*axis(longest, drawing.height, unit))
    for number, name in enumerate(names):
        top = TOP + ROW * number
        drawing.add(*name_lines(name, top + ROW / 2, NAME_WIDTH - 24))
        for side, (found, report) in enumerate(zip(rows, reports, strict=True)):
            y = top + 6 + side * (BAR + 4)
            drawing.add(text(NAME_WIDTH - 6, y + BAR - 3, "AB"[side], "tick", "end"))
            if name in found:
                size = report["hardware"]["engine"]["array_size"]
                drawing.add(*segments(found[name], y, BAR, BAR_WIDTH / longest, size, unit))
                value = unit.text(found[name]["cycles"])
                drawing.add(text(WIDTH - 56, y + BAR - 3, value, "value", "end"))
    return drawing.render("pairs")
