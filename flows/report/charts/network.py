"""The network as a graph: a card per layer, with place and reason, and an arrow per tensor."""

from __future__ import annotations

from dataclasses import dataclass

from flows.report.svg import Drawing, element, path, rectangle, text, title, wrap
from flows.units import count, size, unit_of

WIDTH = 960
"""Of the widest picture; a single column is narrower."""
MARGIN = 76
"""Room on the left for arrows that bypass cards."""
GUTTER = 28
GAP = 40
LARGEST_CARD = 420
PADDING = 12
LINE = 18
NAME_SIZE, TEXT_SIZE = 13.5, 12.0
_BADGE = 60
_BOLD = 1.18
"""How much wider bold text is."""
_RADIUS = 9.0
_NUMBER = 26
_INPUT = -1


@dataclass(frozen=True)
class Card:
    """A layer's box in the picture, and its lines of text (class, words)."""

    number: int
    column: int
    x: float
    y: float
    width: float
    height: float
    lines: tuple[tuple[str, str], ...]

    @property
    def middle(self) -> float:
        """Where arrows begin and end."""
        return self.x + self.width / 2


def ranks(layers: list[dict]) -> list[int]:
    """Return each layer's distance from the input: the layers before it on the longest path."""
    found: list[int] = []
    for number in range(len(layers)):
        before = [found[source] for source in sources(layers, number) if source != _INPUT]
        found.append(max(before, default=-1) + 1)
    return found


def sources(layers: list[dict], number: int) -> list[int]:
    """Return the numbers of the layers that a layer reads from; -1 is an input or a constant."""
    writers = {layer["output"]: index for index, layer in enumerate(layers[:number])}
    return [writers.get(name, _INPUT) for name in layers[number]["inputs"]]


def draw(report: dict) -> str:
    """Return the chart, from the input at the top to the output at the bottom."""
    layers = report["layers"]
    cards, width, height = _place(report)
    drawing = Drawing(width, height, "the network's layers and where they run")
    drawing.add(_arrow_head())
    for number, layer in enumerate(layers):
        taken = dict.fromkeys(n for n in layer["inputs"] if n in report["network"]["inputs"])
        for name, source in zip(layer["inputs"], sources(layers, number), strict=True):
            # Constants are parameters of the layer, like weights, and not drawn.
            if source != _INPUT or name in taken:
                drawing.add(_edge(report, name, cards.get(source), cards[number], cards))
        if taken:
            drawing.add(*_label(_inputs_text(report, list(taken)), cards[number], above=True))
        role = "output " if layer["output"] in report["network"]["outputs"] else ""
        words = role + _tensor_text(report, layer["output"])
        drawing.add(*_label(words, cards[number], aside=cards[number].column > 0))
    for number, layer in enumerate(layers):
        if layer["output"] in report["network"]["outputs"]:
            drawing.add(_output(report, layer["output"], cards[number]))
    for number, layer in enumerate(layers):
        drawing.add(_card(cards[number], layer))
    return drawing.render("network")


def _place(report: dict) -> tuple[dict[int, Card], float, float]:
    """Return the cards by layer number, and the picture's width and height."""
    layers = report["layers"]
    rows: dict[int, list[int]] = {}
    for number, rank in enumerate(ranks(layers)):
        rows.setdefault(rank, []).append(number)
    columns = max(map(len, rows.values()))
    gutters = GUTTER * (columns - 1)
    width = min(LARGEST_CARD, (WIDTH - MARGIN - gutters) / columns)
    cards: dict[int, Card] = {}
    y = GAP + 10.0
    for rank in sorted(rows):
        texts = {number: _lines(report, number, width) for number in rows[rank]}
        height = max(2 * PADDING + LINE * len(lines) for lines in texts.values())
        for column, (number, lines) in enumerate(texts.items()):
            x = MARGIN + column * (width + GUTTER)
            cards[number] = Card(number, column, x, y, width, height, lines)
        y += height + GAP
    return cards, min(WIDTH, 2 * MARGIN + columns * width + gutters), y + 6


def _lines(report: dict, number: int, width: float) -> tuple[tuple[str, str], ...]:
    layer = report["layers"][number]
    unit = unit_of(report)
    room = width - 2 * PADDING
    work = [f"{count(layer['macs'])} MACs"] if layer["macs"] else []
    if layer["cycles"] is not None:
        work.append(unit.full(layer["cycles"]))
    place = "CPU" if layer["place"] == "cpu" else layer["place"]
    texts = [
        ("name", layer["label"], room - _BADGE - _NUMBER, NAME_SIZE * _BOLD),
        ("", layer["op"] + (f": {layer['shape']}" if layer["shape"] else ""), room, TEXT_SIZE),
        ("quiet", " · ".join(work), room, TEXT_SIZE),
        ("quiet", f"{place}: {layer['reason']}", room, TEXT_SIZE),
        ("quiet", _note(layer), room, TEXT_SIZE),
    ]
    return tuple(
        (class_, words)
        for class_, content, most, font in texts
        if content
        for words in wrap(content, most, font)
    )


def _note(layer: dict) -> str:
    """Return how a layer is tiled; empty on the CPU, where the compiler repeats the reason."""
    note = layer.get("note", "")
    return "" if note == layer["reason"] else note


def _card(card: Card, layer: dict) -> str:
    place = layer["place"]
    badge = "CPU" if place == "cpu" else place
    found = [rectangle(card.x, card.y, card.width, card.height, "card", rx=6)]
    found.append(rectangle(card.x, card.y, 4, card.height, f"place {place}", rx=2))
    right = card.x + card.width - PADDING
    first = card.y + PADDING + 11
    found.append(text(right, first, badge, f"badge {place}", "end"))
    centre = card.x + PADDING + _RADIUS
    found.append(element("circle", cx=centre, cy=first - 4.5, r=_RADIUS, class_="disc"))
    found.append(text(centre, first - 1, str(card.number), "number", "middle"))
    for row, (class_, words) in enumerate(card.lines):
        indent = _NUMBER if class_ == "name" else 0
        line_class = f"card-text {class_}".strip()
        found.append(text(card.x + PADDING + indent, first + LINE * row, words, line_class))
    hint = f"{layer['name']}: {layer['op']}, on the {badge}: {layer['reason']}"
    return element("g", title(hint), *found, class_="layer")


def _arrow_head() -> str:
    head = path("M 0 0 L 8 4 L 0 8 z", "head")
    sizes = {"viewBox": "0 0 8 8", "refX": 7, "refY": 4, "markerWidth": 7, "markerHeight": 7}
    marker = element("marker", head, id="arrow", orient="auto", **sizes)
    return element("defs", marker)


def _edge(
    report: dict, tensor: str, source: Card | None, target: Card, cards: dict[int, Card]
) -> str:
    """Return an arrow from card to card, or from above for the network's input."""
    hint = _tensor_text(report, tensor)
    if source is None:
        return _arrow(f"M {target.middle:.1f} {target.y - GAP + 14:.1f} V {target.y:.1f}", hint)
    bottom = source.y + source.height
    if _in_the_way(cards, source, target):
        return _arrow(_detour(source, target), hint)
    before = max(card.y + card.height for card in cards.values() if card.y < target.y)
    d = f"M {source.middle:.1f} {bottom:.1f} V {before:.1f} "
    if source.column == target.column:
        return _arrow(f"{d}V {target.y:.1f}", hint)
    bend = (before + target.y) / 2
    x = target.middle + (12 if source.column > target.column else -12)
    curve = f"C {source.middle:.1f} {bend:.1f} {x:.1f} {bend:.1f} {x:.1f} {target.y:.1f}"
    return _arrow(d + curve, hint)


def _inputs_text(report: dict, names: list[str]) -> str:
    """Return the label of the network's inputs that a layer reads; by name if there are others."""
    if len(report["network"]["inputs"]) == 1:
        return f"input {_tensor_text(report, names[0])}"
    if len(names) == 1:
        return f"input {names[0]}: {_tensor_text(report, names[0])}"
    return "inputs " + ", ".join(f"{name}: {_shape_text(report, name)}" for name in names)


def _label(words: str, card: Card, above: bool = False, aside: bool = False) -> list[str]:
    """Return an arrow's label: on its left, above or below a card, or on its right (`aside`)."""
    lines = wrap(words, card.width / 2 + 16, TEXT_SIZE)
    first = card.y - GAP + 20 if above else card.y + card.height + 17
    x, anchor = (card.middle + 10, "start") if aside else (card.middle - 10, "end")
    return [
        text(x, first + 14 * number, content, "tick", anchor)
        for number, content in enumerate(lines)
    ]


def _in_the_way(cards: dict[int, Card], source: Card, target: Card) -> bool:
    """Return whether there is a card between two in the same column."""
    return source.column == target.column and any(
        card.column == source.column and source.y < card.y < target.y for card in cards.values()
    )


def _detour(source: Card, target: Card) -> str:
    """Return a path that passes the cards between the two on the left."""
    x = source.x - 40
    y1, y2 = source.y + source.height / 2, target.y + target.height / 2
    return (
        f"M {source.x:.1f} {y1:.1f} C {x:.1f} {y1:.1f} {x:.1f} {y1 + 24:.1f} {x:.1f} {y1 + 40:.1f} "
        f"V {y2 - 40:.1f} C {x:.1f} {y2 - 24:.1f} {x:.1f} {y2:.1f} {target.x:.1f} {y2:.1f}"
    )


def _arrow(d: str, hint: str) -> str:
    return element("path", title(hint), d=d, class_="edge", marker_end="url(#arrow)")


def _output(report: dict, tensor: str, card: Card) -> str:
    bottom = card.y + card.height
    hint = _tensor_text(report, tensor)
    return _arrow(f"M {card.middle:.1f} {bottom:.1f} V {bottom + GAP - 14:.1f}", hint)


def _shape_text(report: dict, name: str) -> str:
    shape = report["network"]["tensors"][name]["shape"]
    return " x ".join(map(str, shape[1:] if report["batch"] == 1 else shape)) or "1"


def _tensor_text(report: dict, name: str) -> str:
    """Return a tensor's shape (of one input, for a batch), its size, and where it is stored."""
    tensor = report["network"]["tensors"][name]
    homes = [
        home
        for home, memory in (("buffer", "buffer"), ("memory", "arena"))
        if any(region["tensor"] == name for region in report[memory]["regions"])
    ]
    network = report["network"]
    if name in (*network["inputs"], *network["outputs"]) and "memory" not in homes:
        homes.append("memory")
    return f"{_shape_text(report, name)}, {size(tensor['bytes'])}" + (
        f", {' and '.join(homes)}" if homes else ""
    )
