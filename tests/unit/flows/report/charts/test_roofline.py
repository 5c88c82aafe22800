"""The roofline: where its points and their numbers are."""

from __future__ import annotations

import itertools
import math

import pytest

from flows.report.charts import roofline
from tests.support.drawings import number, parsed, with_class
from tests.support.report_samples import branched, made


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
