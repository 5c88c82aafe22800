"""The design as a picture: an area for each instance, in proportion to its LUTs."""

from __future__ import annotations

from dataclasses import dataclass

import squarify

from flows.report import svg
from flows.synth.hierarchy import Instance
from flows.synth.resources import HEADINGS, NAMES, Resources

WIDTH, HEIGHT = 1200, 800
_TOP = 44
_HEADER = 17
_GAP = 1.5
_FONT = 12
_LEAST_SIDE = 2
"""In pixels: narrower parts are not drawn."""

_COLOURS = ("#c9dcef", "#f3dcae", "#c2e2d9", "#dcd2ee", "#f1cbd3", "#dfe8c0", "#e6d3c3", "#dcdfe2")
_STYLE = """
text { font: 12px system-ui, "Noto Sans", "DejaVu Sans", sans-serif; fill: #23262b; }
.title { font-size: 17px; font-weight: 600; }
.quiet { fill: #676d76; }
.box { stroke: #ffffff; stroke-width: 1; }
.group { stroke: #23262b; stroke-opacity: 0.35; stroke-width: 1; }
"""


@dataclass(frozen=True)
class Area:
    """A rectangle, in pixels."""

    x: float
    y: float
    width: float
    height: float

    def inside(self, header: float) -> Area:
        """Return the rest of the area below a header, inside a margin."""
        return Area(
            self.x + _GAP,
            self.y + header,
            max(self.width - 2 * _GAP, 0.0),
            max(self.height - header - _GAP, 0.0),
        )

    @property
    def is_visible(self) -> bool:
        """Whether the area is large enough to be drawn."""
        return min(self.width, self.height) >= _LEAST_SIDE


def draw(top: Instance[Resources], heading: str) -> str:
    """Return an SVG file. Areas are LUTs; tooltips name the instance and all its resources."""
    pieces = [
        svg.element("style", _STYLE),
        svg.element("rect", width=WIDTH, height=HEIGHT, fill="#ffffff"),
        svg.text(12, 28, heading, "title"),
        svg.text(WIDTH - 12, 28, f"areas: LUTs, {top.total.lut:,} in total", "quiet", "end"),
    ]
    area = Area(12, _TOP, WIDTH - 24, HEIGHT - _TOP - 12)
    for index, (child, place) in enumerate(_placed(top, area)):
        pieces += _boxes(child, place, _COLOURS[index % len(_COLOURS)], top.name)
    size = {"width": WIDTH, "height": HEIGHT, "viewBox": f"0 0 {WIDTH} {HEIGHT}"}
    return svg.element("svg", *pieces, xmlns="http://www.w3.org/2000/svg", **size) + "\n"


def _boxes(one: Instance[Resources], area: Area, colour: str, above: str) -> list[str]:
    """Return boxes for an instance and, if its name fits above them, its submodules."""
    path = f"{above}.{one.name}"
    label = _label(one, area)
    divided = one.children and label and area.height > 2 * _HEADER
    parts = _placed(one, area.inside(_HEADER)) if divided else []
    rectangle = svg.element(
        "rect",
        svg.title(f"{path} ({one.kind}): {describe(one.total)}"),
        x=area.x,
        y=area.y,
        width=area.width,
        height=area.height,
        fill=colour,
        class_="group" if parts else "box",
    )
    words = [svg.text(area.x + 4, area.y + 13, label)] if label else []
    return [rectangle, *words, *(box for part in parts for box in _boxes(*part, colour, path))]


def _placed(one: Instance[Resources], area: Area) -> list[tuple[Instance[Resources], Area]]:
    """Return the parts of an instance with their areas; its own usage is one of them."""
    parts = [child for child in one.children if child.total.lut > 0]
    if parts and one.own.lut > 0:
        parts.append(Instance("own logic", one.kind, one.own))
    parts.sort(key=lambda part: -part.total.lut)
    if not parts or not area.is_visible:
        return []
    sizes = squarify.normalize_sizes([part.total.lut for part in parts], area.width, area.height)
    places = squarify.squarify(sizes, area.x, area.y, area.width, area.height)
    areas = [Area(place["x"], place["y"], place["dx"], place["dy"]) for place in places]
    return [(part, area) for part, area in zip(parts, areas, strict=True) if area.is_visible]


def _label(one: Instance[Resources], area: Area) -> str:
    """Return the longest label that fits: `gen_row[0].u_pe 40`, `u_pe 40`, `u_pe` or none."""
    short = one.name.rpartition(".")[2]
    labels = (f"{one.name}  {one.total.lut:,}", f"{short}  {one.total.lut:,}", short)
    return next((label for label in labels if _fits(label, area)), "")


def _fits(words: str, area: Area) -> bool:
    return svg.text_width(words, _FONT) <= area.width - 8 and area.height >= _HEADER


def describe(resources: Resources) -> str:
    """Return the non-zero resources in words: `40 LUT, 83 FF, 1 DSP`."""
    values = {HEADINGS[name]: getattr(resources, name) for name in NAMES}
    return ", ".join(f"{value:,g}" + " " + name for name, value in values.items() if value)
