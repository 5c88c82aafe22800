"""The roofline: MACs per byte against MACs per cycle, under the roofs of array and port.

The array has a roof for each type of values: with INT8 twice that of FP32.
"""

from __future__ import annotations

import math

from flows.report.svg import Drawing, element, line, path, text, title
from flows.units import percent

WIDTH = 960
HEIGHT = 400
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 24, 48
_RADIUS = 9
_DOT = 4
_DISTANCES = (18, 26, 36, 48, 62)
_DIRECTIONS = 12
WORD_BYTES = 4


class Scale:
    """Maps positive numbers to coordinates on a logarithmic scale."""

    def __init__(self, low: float, high: float, begin: float, end: float) -> None:
        self.low, self.high = math.log10(low), math.log10(high)
        self._begin, self._end = begin, end

    def __call__(self, value: float) -> float:
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self._begin + part * (self._end - self._begin)

    def decades(self) -> list[float]:
        """Return the powers of ten in the range."""
        first, last = math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9)
        return [10.0**power for power in range(first, last + 1)]


def points(report: dict) -> list[dict]:
    """Return each layer with multiply-accumulates: number, name, MACs per byte, MACs per cycle, and
    the most MACs per cycle of the array."""
    found = []
    for number, layer in enumerate(report["layers"]):
        moved = layer["weight_bytes"] + layer["activation_bytes"]
        if layer["macs"] and layer["cycles"] and moved and layer["counters"]:
            found.append(
                {
                    "number": number,
                    "name": layer["name"],
                    "intensity": layer["macs"] / moved,
                    "speed": layer["macs"] / layer["cycles"],
                    "peak": layer["macs_per_cycle"],
                }
            )
    return found


def roof(report: dict, intensity: float, peak: int) -> float:
    """Return the most MACs per cycle that array and port allow at these MACs per byte.

    Args:
        report: of a build.
        intensity: MACs per byte.
        peak: most MACs per cycle of the array.
    """
    return min(peak, intensity * _port_bytes(report))


def _port_bytes(report: dict) -> int:
    return WORD_BYTES * report["hardware"]["engine"]["port_words"]


def _peaks(found: list[dict]) -> list[int]:
    """Return the heights of the array's roofs, the highest first."""
    return sorted({point["peak"] for point in found}, reverse=True)


def draw(report: dict) -> str | None:
    """Return the chart, or None if no layer with multiply-accumulates ran on the engine."""
    found = points(report)
    if not found:
        return None
    x, y = _scales(report, found)
    drawing = Drawing(WIDTH, HEIGHT, "roofline: MACs per byte against MACs per cycle")
    drawing.add(*_axes(x, y), *_roofs(report, _peaks(found), x, y))
    drawing.add(*_points(report, found, x, y))
    return drawing.render("roofline")


def _scales(report: dict, found: list[dict]) -> tuple[Scale, Scale]:
    peaks = _peaks(found)
    low = min(_ridge(report, peaks[-1]) / 4, *(point["intensity"] / 2 for point in found))
    high = max(_ridge(report, peaks[0]) * 4, *(point["intensity"] * 2 for point in found))
    slowest = min(1.0, *(point["speed"] / 2 for point in found))
    x = Scale(low, high, LEFT, WIDTH - RIGHT)
    y = Scale(slowest, peaks[0] * 4, HEIGHT - BOTTOM, TOP)
    return x, y


def _ridge(report: dict, peak: int) -> float:
    """Return the MACs per byte at which the port's roof meets one of the array's."""
    return peak / _port_bytes(report)


def _axes(x: Scale, y: Scale) -> list[str]:
    bottom = HEIGHT - BOTTOM
    found = []
    for value in x.decades():
        found.append(line(x(value), TOP, x(value), bottom, "grid"))
        found.append(text(x(value), bottom + 18, f"{value:g}", "tick", "middle"))
    for value in y.decades():
        found.append(line(LEFT, y(value), WIDTH - RIGHT, y(value), "grid"))
        found.append(text(LEFT - 8, y(value) + 4, f"{value:g}", "tick", "end"))
    found.append(line(LEFT, bottom, WIDTH - RIGHT, bottom, "axis"))
    found.append(line(LEFT, TOP, LEFT, bottom, "axis"))
    found.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "MACs per byte", "tick", "middle"))
    found.append(text(4, 12, "MACs per cycle", "tick"))
    return found


def _roofs(report: dict, peaks: list[int], x: Scale, y: Scale) -> list[str]:
    """Return the port's roof, and the array's, which begin where it reaches them."""
    size, port_bytes = report["hardware"]["engine"]["array_size"], _port_bytes(report)
    port_text = f"port: {port_bytes} bytes per cycle"
    # The port's roof starts at the drawing's left edge or bottom.
    start, ridge = max(10**x.low, 10**y.low / port_bytes), _ridge(report, peaks[0])
    slope = f"M {x(start):.2f} {y(start * port_bytes):.2f} L {x(ridge):.2f} {y(peaks[0]):.2f}"
    found = [path(slope, "roof", port_text)]
    for peak in peaks:
        words = f"array {size} x {size}: {peak:,} MACs per cycle"
        height = y(peak)
        flat = f"M {x(_ridge(report, peak)):.2f} {height:.2f} L {WIDTH - RIGHT} {height:.2f}"
        found.append(path(flat, "roof", words))
        found.append(text(WIDTH - RIGHT, height - 8, words, "tick", "end"))
    middle = math.sqrt(start * ridge)
    found.append(text(x(middle) + 12, y(middle * port_bytes) + 16, port_text, "tick"))
    return found


def _points(report: dict, found: list[dict], x: Scale, y: Scale) -> list[str]:
    """Return a dot per point with the layer's number next to it, avoiding overlaps."""
    dots = [(x(point["intensity"]), y(point["speed"])) for point in found]
    labels: list[tuple[float, float]] = []
    elements = []
    for point, dot in zip(found, dots, strict=True):
        label = _free_place(dot, dots, labels)
        labels.append(label)
        elements.append(_point(report, point, dot, label))
    return elements


def _free_place(
    dot: tuple[float, float], dots: list[tuple[float, float]], labels: list[tuple[float, float]]
) -> tuple[float, float]:
    """Return the nearest free place for a dot's number; the last one tried if all are taken."""
    place = dot
    for radius in _DISTANCES:
        for turn in range(_DIRECTIONS):
            angle = math.pi / 2 - 2 * math.pi * turn / _DIRECTIONS
            place = dot[0] + radius * math.cos(angle), dot[1] - radius * math.sin(angle)
            inside = LEFT < place[0] < WIDTH - _RADIUS and TOP < place[1] < HEIGHT - BOTTOM
            clear = all(math.dist(place, other) > 2 * _RADIUS for other in labels) and all(
                math.dist(place, other) > _RADIUS + _DOT for other in dots if other != dot
            )
            if inside and clear:
                return place
    return place


def _point(report: dict, point: dict, dot: tuple[float, float], label: tuple[float, float]) -> str:
    reached = percent(point["speed"] / roof(report, point["intensity"], point["peak"]))
    hint = (
        f"{point['number']}  {point['name']}: {point['intensity']:.3g} MACs per byte, "
        f"{point['speed']:.3g} MACs per cycle, {reached} of the roof"
    )
    return element(
        "g",
        title(hint),
        line(*dot, *label, "leader"),
        element("circle", cx=dot[0], cy=dot[1], r=_DOT, class_="dot"),
        element("circle", cx=label[0], cy=label[1], r=_RADIUS),
        text(label[0], label[1] + 3.5, str(point["number"]), "number", "middle"),
        class_="point",
    )
