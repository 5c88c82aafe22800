"""The roofline: where its points and their numbers are."""

from __future__ import annotations

import itertools
import math

import pytest

from flows.report.charts import roofline
from tests.support.drawings import hints, number, parsed, with_class
from tests.support.report_samples import COUNTERS, branched, layer, made, model, run, simulation


def test_points_of_the_roofline_are_where_their_axes_say():
    report = made()
    (point,) = roofline.points(report)
    assert point["intensity"] == pytest.approx(64000 / (64000 + 3648))
    assert point["speed"] == pytest.approx(40)
    assert point["peak"] == 64
    assert roofline.roof(report, 1.0, 64) == 16 and roofline.roof(report, 100.0, 64) == 64
    drawing = parsed(roofline.draw(report))
    (dot,) = with_class(drawing, "dot")
    ticks = {item.text: item for item in drawing.iter("text") if item.get("text-anchor") == "end"}
    one, ten = number(ticks["1"], "y") - 4, number(ticks["10"], "y") - 4
    assert number(dot, "cy") == pytest.approx(one + (ten - one) * math.log10(40), abs=0.1)


def test_the_array_has_a_roof_for_each_type_of_values():
    """Of two layers with 40 MACs a cycle, the one with INT8 values is further from its roof."""
    few = {"weight_bytes": 640, "activation_bytes": 360}
    second = layer(1, "fc2", ["a"], "b", macs_per_cycle=128, **few)
    layers = layer(0, "fc1", ["x"], "a", **few), second
    counters = {"0": COUNTERS, "1": COUNTERS}
    runs = simulation(run(4000, ["3f800000"] * 4, counters))
    report = made(model=model([*layers]), simulation=runs, labels=None)
    drawing = parsed(roofline.draw(report))
    shown = " ".join(hints(drawing))
    assert "array 8 x 8: 64 MACs per cycle" in shown and "array 8 x 8: 128 MACs" in shown
    assert "40 MACs per cycle, 62.5 % of the roof" in shown
    assert "40 MACs per cycle, 31.2 % of the roof" in shown
    _, lower, upper = sorted(_left_end(roof) for roof in with_class(drawing, "roof"))
    assert lower[0] < upper[0] and lower[1] > upper[1], "the port reaches the higher one later"
    alone = parsed(roofline.draw(made()))
    assert len(with_class(alone, "roof")) == 2, "the port's and one of the array"


def _left_end(roof) -> tuple[float, float]:
    x, y = roof.get("d").split()[1:3]
    return float(x), float(y)


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
