"""The sensitivity of each layer."""

from __future__ import annotations

import pytest

from flows.report.charts import sensitivity
from flows.report.charts.bars import BAR_WIDTH
from tests.support.drawings import hints, number, parsed, with_class
from tests.support.report_samples import COMPARISON


def test_without_figures_there_is_no_chart(report):
    assert sensitivity.draw(report) is None


def test_bars_have_one_scale(report):
    report["accuracy"]["comparison"] = COMPARISON
    drawing = parsed(sensitivity.draw(report))
    widths = [number(bar, "width") for bar in with_class(drawing, "cause")]
    assert widths == pytest.approx([BAR_WIDTH, BAR_WIDTH / 2, BAR_WIDTH * 0.75, 0.0], abs=0.1)
    assert "softmax: -3.0 dB with INT4 weights" in hints(drawing)
