"""Cycles per layer: a bar for each, split by cause."""

from __future__ import annotations

import math

from flows.report.causes import CAUSES, parts
from flows.report.svg import Drawing, line, rectangle, text, wrap
from flows.units import Unit, percent, unit_of

WIDTH = 960
NAME_WIDTH = 210
VALUE_WIDTH = 130
BAR_WIDTH = WIDTH - NAME_WIDTH - VALUE_WIDTH
ROW = 34
BAR = 16
TOP = 26
_NAMES = {cause.key: cause.name for cause in CAUSES}
_FONT = 13
_MOST_LINES = 2


def draw(report: dict) -> str:
    """Return the chart. Bars share one scale; a tick on each marks its limit."""
    unit = unit_of(report)
    rows = [*report["layers"], rest(report)]
    longest = max((max(_cycles(row), row["limit_cycles"] or 0) for row in rows), default=0) or 1
    drawing = Drawing(WIDTH, TOP + ROW * len(rows) + 4, "cycles of each layer, by cause")
    drawing.add(*axis(longest, drawing.height, unit))
    for number, row in enumerate(rows):
        drawing.add(*_row(row, TOP + ROW * number, longest, report, unit))
    return drawing.render("bars")


def _cycles(layer: dict) -> float:
    return layer["cycles"] or 0.0


def rest(report: dict) -> dict:
    """Return the CPU's work outside the layers, as one more layer."""
    return {
        "name": "the rest",
        "label": "the rest",
        "place": "cpu",
        "macs": 0,
        "cycles": report["other_cycles"],
        "limit_cycles": None,
        "counters": {},
    }


def axis(longest: float, height: float, unit: Unit) -> list[str]:
    """Return vertical lines at round numbers of the unit, with labels."""
    step = round_step(unit.of(longest))
    found = []
    number = 0
    while number * step <= unit.of(longest):
        x = NAME_WIDTH + BAR_WIDTH * number * step / unit.of(longest)
        label = f"{number * step:,.10g}" + (f" {unit.name}" if number == 0 else "")
        found += [
            line(x, TOP - 8, x, height, "grid"),
            text(x, 12, label, "tick", "start" if number == 0 else "middle"),
        ]
        number += 1
    return found


def round_step(largest: float, most: int = 5) -> float:
    """Return a step (1, 2 or 5 times a power of ten) for at most `most` intervals."""
    power = 10.0 ** math.floor(math.log10(largest / most))
    return next(f * power for f in (1, 2, 5, 10) if largest <= f * power * most * (1 + 1e-9))


def _row(layer: dict, top: float, longest: float, report: dict, unit: Unit) -> list[str]:
    middle = top + ROW / 2
    scale = BAR_WIDTH / longest
    found = name_lines(layer["label"], middle, NAME_WIDTH - 10)
    found += segments(layer, middle - BAR / 2, BAR, scale, unit)
    if layer["limit_cycles"]:
        at = NAME_WIDTH + scale * layer["limit_cycles"]
        hint = f"{layer['name']}: limit {unit.full(layer['limit_cycles'])}"
        found.append(line(at, middle - BAR / 2 - 4, at, middle + BAR / 2 + 4, "limit", hint))
    share = _cycles(layer) / report["total"]["cycles"] if report["total"]["cycles"] else 0
    found.append(text(WIDTH - 56, middle + 4, unit.text(layer["cycles"]), "value", "end"))
    found.append(text(WIDTH, middle + 4, percent(share), "value quiet", "end"))
    return found


def segments(layer: dict, top: float, height: float, scale: float, unit: Unit) -> list[str]:
    """Return one bar: rectangles from NAME_WIDTH on, `scale` pixels per cycle."""
    x = float(NAME_WIDTH)
    found = []
    for cause, cycles in parts(layer).items():
        width = scale * cycles
        if width > 0:
            share = percent(cycles / _cycles(layer))
            hint = f"{layer['name']}: {_NAMES[cause]} {unit.full(cycles)} ({share})"
            found.append(rectangle(x, top, width, height, f"cause {cause}", hint))
        x += width
    return found


def name_lines(name: str, middle: float, right: float) -> list[str]:
    """Return a layer's name next to its bar, right-aligned; on two lines if it is long."""
    lines = wrap(name, right - 4, _FONT)
    if len(lines) > _MOST_LINES:
        lines = [lines[0], f"{lines[1][:-1]}…"]
    first = middle + 4 - 7 * (len(lines) - 1)
    return [
        text(right, first + 14 * number, words, "name", "end") for number, words in enumerate(lines)
    ]
