"""Bars of the layers' cycles: their lengths, names and limits."""

from __future__ import annotations

import pytest

from flows.report.charts import bars
from tests.support.drawings import hints, number, parsed, with_class, words


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
