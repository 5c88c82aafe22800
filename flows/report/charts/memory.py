"""A memory over time: what is where while each layer runs."""

from __future__ import annotations

from flows.report.charts.bars import round_step
from flows.report.memory_map import Box
from flows.report.svg import Drawing, line, rectangle, text, text_width

WIDTH = 960
HEIGHT = 300
LEFT, RIGHT, TOP, BOTTOM = 78, 8, 22, 40
_FONT = 12
_COLOURS = 6
_LABEL_HEIGHT = 15


def draw(
    boxes: list[Box], layers: list[str], unit: str, marks: dict[str, float] | None = None
) -> str:
    """Return the chart: layers to the right, addresses upwards; `marks` are named levels."""
    marks = marks or {}
    top = max([*(box.end for box in boxes), *marks.values()], default=0) or 1
    drawing = Drawing(WIDTH, HEIGHT, f"memory in {unit} while each layer runs")
    column = (WIDTH - LEFT - RIGHT) / len(layers)
    scale = (HEIGHT - TOP - BOTTOM) / top
    bottom = HEIGHT - BOTTOM
    drawing.add(*_axes(top, scale, unit), *_layers(layers, column))
    for number, box in enumerate(sorted(boxes, key=lambda box: (box.first, box.begin))):
        drawing.add(*_box(box, number, column, scale, unit, layers))
    for name, value in marks.items():
        y = bottom - value * scale
        hint = f"{name}: {value:,} {unit}"
        drawing.add(line(LEFT, y, WIDTH - RIGHT, y, "limit", hint))
    return drawing.render("memory")


def _axes(top: float, scale: float, unit: str) -> list[str]:
    found = [text(4, 12, unit, "tick")]
    step = max(1.0, round_step(top))
    bottom = HEIGHT - BOTTOM
    number = 0
    while number * step <= top:
        y = bottom - number * step * scale
        found.append(line(LEFT, y, WIDTH - RIGHT, y, "grid"))
        found.append(text(LEFT - 8, y + 4, f"{number * step:,.0f}", "tick", "end"))
        number += 1
    return found


def _layers(layers: list[str], column: float) -> list[str]:
    """Return the layers' numbers below the chart; names are tooltips, as they rarely fit."""
    bottom = HEIGHT - BOTTOM
    found = [text((LEFT + WIDTH) / 2, HEIGHT - 4, "layer", "tick", "middle")]
    for number, name in enumerate(layers):
        x = LEFT + column * number
        label = text(x + column / 2, bottom + 18, str(number), "tick", "middle")
        found.append(rectangle(x, TOP, column, bottom - TOP, "slot", f"{number}  {name}"))
        found.append(label)
    return found


def _box(
    box: Box, number: int, column: float, scale: float, unit: str, layers: list[str]
) -> list[str]:
    x = LEFT + column * box.first
    width = column * (box.last - box.first + 1)
    height = box.size * scale
    y = HEIGHT - BOTTOM - box.end * scale
    lives = layers[box.first]
    if box.last != box.first:
        lives += f" to {layers[box.last]}"
    over = f", written over {box.over}" if box.over else ""
    hint = f"{box.tensor}: {box.size:,} {unit} from {box.begin:,} on, during {lives}{over}"
    found = [rectangle(x + 1, y, width - 2, height, f"box colour{number % _COLOURS}", hint)]
    if height >= _LABEL_HEIGHT and text_width(box.tensor, _FONT) < width - 8:
        words = box.tensor
        found.append(text(x + width / 2, y + height / 2 + 4, words, "inside", "middle"))
    return found
