"""Sensitivity of each layer: how close the outputs stay if it alone is quantized."""

from __future__ import annotations

from flows.report.charts.bars import BAR_WIDTH, NAME_WIDTH, TOP, WIDTH, name_lines, round_step
from flows.report.svg import Drawing, line, rectangle, text

BAR = 12
PITCH = 15
GAP = 10
CLASSES = {"int8": "utilized", "int4": "wait_weights"}
"""Weights -> the class of their bars, which has a colour."""


def draw(report: dict) -> str | None:
    """Return the chart, with a bar for each precision of the weights; None without figures."""
    compared = report["accuracy"].get("comparison")
    if not compared or not compared["sensitivity"]["int8"]:
        return None
    found = compared["sensitivity"]
    names = [row["layer"] for row in found["int8"]]
    longest = max(max(row["signal_to_noise"], 1.0) for rows in found.values() for row in rows)
    height = GAP + PITCH * len(CLASSES)
    drawing = Drawing(WIDTH, TOP + height * len(names) + 4, "sensitivity of each layer")
    drawing.add(*_axis(longest, drawing.height))
    for number, name in enumerate(names):
        top = TOP + float(height * number)
        drawing.add(*name_lines(name, top + height / 2, NAME_WIDTH - 10))
        for place, weights in enumerate(CLASSES):
            ratio = found[weights][number]["signal_to_noise"]
            drawing.add(*_bar(name, weights, ratio, top + GAP / 2 + PITCH * place, longest))
    return drawing.render("sensitivity")


def _axis(longest: float, height: float) -> list[str]:
    step, found = round_step(longest), []
    for number in range(int(longest / step) + 1):
        x = NAME_WIDTH + BAR_WIDTH * number * step / longest
        label = f"{number * step:g}" + (" dB" if number == 0 else "")
        found += [
            line(x, TOP - 8, x, height, "grid"),
            text(x, 12, label, "tick", "start" if number == 0 else "middle"),
        ]
    return found


def _bar(name: str, weights: str, ratio: float, top: float, longest: float) -> list[str]:
    width = BAR_WIDTH * max(ratio, 0.0) / longest
    hint = f"{name}: {ratio:.1f} dB with {weights.upper()} weights"
    return [
        rectangle(NAME_WIDTH, top, width, BAR, f"cause {CLASSES[weights]}", hint),
        text(WIDTH - 56, top + BAR - 2, f"{ratio:.1f}", "value", "end"),
    ]
