"""The charts of the report's page: their geometry, and that everything has its label."""

from __future__ import annotations

import itertools
import math
from xml.etree import ElementTree

import pytest

from flows.report.causes import parts
from flows.report.charts import bars, memory, network, roofline, sizes
from flows.report.memory_map import Box
from flows.report.svg import text_width, wrap
from tests.support.report_samples import branched, made

SAMPLES = {"small": made(), "branched": branched()}


def parsed(svg: str) -> ElementTree.Element:
    """The drawing as XML: it is well-formed."""
    return ElementTree.fromstring(svg)


def with_class(drawing: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [item for item in drawing.iter() if name in item.get("class", "").split()]


def number(item: ElementTree.Element, name: str) -> float:
    return float(item.get(name))


def words(drawing: ElementTree.Element) -> list[str]:
    return [item.text or "" for item in drawing.iter("text")]


def hints(drawing: ElementTree.Element) -> list[str]:
    return [item.text for item in drawing.iter("title")]


@pytest.fixture(params=SAMPLES.values(), ids=SAMPLES)
def report(request) -> dict:
    return request.param


def test_parts_of_a_layer_add_up_to_its_cycles(report):
    for layer in report["layers"]:
        assert sum(parts(layer, 8).values()) == pytest.approx(layer["cycles"] or 0)


def test_the_segments_of_each_bar_add_up_to_its_cycles(report):
    drawing = parsed(bars.draw(report))
    widths: dict[float, float] = {}
    for segment in with_class(drawing, "cause"):
        y = number(segment, "y")
        assert number(segment, "x") == pytest.approx(bars.NAME_WIDTH + widths.get(y, 0), abs=0.1)
        widths[y] = widths.get(y, 0.0) + number(segment, "width")
    rows = [*report["layers"], bars.rest(report)]
    longest = max(max(row["cycles"] or 0, row["limit_cycles"] or 0) for row in rows)
    expected = [bars.BAR_WIDTH * row["cycles"] / longest for row in rows if row["cycles"]]
    assert list(widths.values()) == pytest.approx(expected, abs=0.1)


def test_every_bar_has_name_cycles_and_limit(report):
    drawing = parsed(bars.draw(report))
    shown = words(drawing)
    for layer in report["layers"]:
        assert layer["name"] in " ".join(shown)
        if layer["cycles"]:
            assert f"{layer['cycles']:,.0f}" in shown
    limits = [layer for layer in report["layers"] if layer["limit_cycles"]]
    assert len(with_class(drawing, "limit")) == len(limits)
    assert any("weights" in hint and "400 cycles (25.0 %)" in hint for hint in hints(drawing))


@pytest.mark.parametrize("largest", [0.003, 1, 7, 49.9, 50, 12_345_678])
def test_steps_are_round_and_few(largest: float):
    step = bars.round_step(largest)
    assert 1.9 < largest / step <= 5 + 1e-6
    assert float(f"{step:.0e}") == step and f"{step:.0e}"[0] in "125"


def test_points_of_the_roofline_are_where_their_axes_say():
    report = made()
    (point,) = roofline.points(report)
    assert point["intensity"] == pytest.approx(64000 / (64000 + 3648))
    assert point["speed"] == pytest.approx(40)
    assert roofline.roof(report, 1.0) == 16 and roofline.roof(report, 100.0) == 64
    drawing = parsed(roofline.draw(report))
    (dot,) = with_class(drawing, "dot")
    ticks = {item.text: item for item in drawing.iter("text") if item.get("text-anchor") == "end"}
    one, ten = number(ticks["1"], "y") - 4, number(ticks["10"], "y") - 4
    assert number(dot, "cy") == pytest.approx(one + (ten - one) * math.log10(40), abs=0.1)


def test_numbers_of_the_roofline_do_not_lie_on_each_other():
    """All layers of the sample are in the same place."""
    drawing = parsed(roofline.draw(branched()))
    labels = [(number(t, "x"), number(t, "y")) for t in with_class(drawing, "number")]
    assert len(labels) == 6
    assert all(math.dist(a, b) >= 17 for a, b in itertools.combinations(labels, 2))


def test_no_roofline_without_engine():
    assert roofline.draw(made(simulation=_on_the_cpu())) is None


def _on_the_cpu() -> dict:
    runs = [{"cycles": 2000, "outputs": ["3f800000"] * 4, "layers": {}, "cpu": {"0": 1, "1": 2}}]
    return {"inputs": runs, "stack_bytes": 0, "quantized_difference": 0.0, "module_difference": 0.0}


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


def test_text_of_the_network_stays_inside(report):
    drawing = parsed(network.draw(report))
    width = float(drawing.get("viewBox").split()[2])
    for item in drawing.iter("text"):
        x, length = number(item, "x"), text_width(item.text, 13.5)
        left = {"start": x, "end": x - length, "middle": x - length / 2}[item.get("text-anchor")]
        assert left >= 0 and left + length <= width, item.text


def test_boxes_of_the_memory_have_their_size_and_time():
    boxes = [Box("a", 0, 512, 0, 1), Box("b", 512, 1024, 1, 2)]
    drawing = parsed(memory.draw(boxes, ["one", "two", "three"], "bytes", {"bound": 1024}))
    first, second = with_class(drawing, "box")
    assert number(first, "height") == pytest.approx(number(second, "height"))
    assert number(first, "y") == pytest.approx(number(second, "y") + number(second, "height"))
    assert number(first, "width") == pytest.approx(number(second, "width"))
    assert number(second, "x") > number(first, "x")
    assert "a: 512 bytes from 0 on, during one to two" in hints(drawing)
    assert number(with_class(drawing, "limit")[0], "y1") == pytest.approx(number(second, "y"))


def test_parts_of_main_memory_fill_the_bar(report):
    drawing = parsed(sizes.draw(report))
    widths = [number(part, "width") for part in with_class(drawing, "part")]
    assert sum(widths) == pytest.approx(sizes.WIDTH, abs=0.1)
    assert any("weights: 100.0 KiB" in hint for hint in hints(drawing))


def test_long_texts_are_broken_and_nothing_is_lost():
    text = "stages.1.blocks.0.convolution + a_name_that_is_far_too_long_for_any_line"
    lines = wrap(text, 120, 13)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line, 13) <= 120 for line in lines)
