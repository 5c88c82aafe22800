"""The network's graph: cards, arrows, and that text stays inside."""

from __future__ import annotations

import itertools

from flows.report.charts import network
from flows.report.svg import text_width
from tests.support.drawings import hints, number, parsed, with_class, words
from tests.support.report_samples import branched


def test_ranks_follow_the_longest_way():
    layers = branched()["layers"]
    assert network.ranks(layers) == [0, 1, 1, 2, 3, 4, 5]
    assert network.sources(layers, 3) == [1, 2] and network.sources(layers, 0) == [-1]


def test_cards_of_the_network_do_not_overlap_and_name_their_layers(report):
    drawing = parsed(network.draw(report))
    cards = [
        tuple(number(card, key) for key in ("x", "y", "width", "height"))
        for card in with_class(drawing, "card")
    ]
    assert len(cards) == len(report["layers"])
    for (x1, y1, w1, h1), (x2, y2, w2, h2) in itertools.combinations(cards, 2):
        assert x1 + w1 <= x2 or x2 + w2 <= x1 or y1 + h1 <= y2 or y2 + h2 <= y1
    shown = " ".join(words(drawing))
    for layer in report["layers"]:
        assert layer["reason"] in shown and layer["op"] in shown
        assert any(hint.startswith(layer["name"]) for hint in hints(drawing))
    assert "input" in shown and "output" in shown


def test_the_network_has_an_arrow_for_each_tensor_that_is_read(report):
    drawing = parsed(network.draw(report))
    read = sum(len(layer["inputs"]) for layer in report["layers"])
    assert len(with_class(drawing, "edge")) == read + 1, "and one for the output"


def test_several_inputs_are_named_and_constants_left_out(report):
    shown = " ".join(words(parsed(network.draw(report))))
    assert "input 10, 40 B" in shown
    tensors = report["network"]["tensors"]
    for name in ("tokens", "mask", "table"):
        tensors[name] = {"shape": [1, 7], "bytes": 28}
    arrows = len(with_class(parsed(network.draw(report)), "edge"))
    report["layers"][0]["inputs"] += ["tokens", "table"]
    report["layers"][1]["inputs"] += ["mask"]
    report["network"]["inputs"] += ["tokens", "mask"]
    drawing = parsed(network.draw(report))
    assert len(with_class(drawing, "edge")) == arrows + 2
    shown = " ".join(words(drawing))
    assert "inputs x: 10, tokens: 7" in shown and "input mask: 7, 28 B" in shown


def test_text_of_the_network_stays_inside(report):
    drawing = parsed(network.draw(report))
    width = float(drawing.get("viewBox").split()[2])
    for item in drawing.iter("text"):
        x, length = number(item, "x"), text_width(item.text, 13.5)
        left = {"start": x, "end": x - length, "middle": x - length / 2}[item.get("text-anchor")]
        assert left >= 0 and left + length <= width, item.text
