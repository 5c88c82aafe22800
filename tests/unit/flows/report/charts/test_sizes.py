"""The bar of main memory."""

from __future__ import annotations

import pytest

from flows.report.charts import sizes
from tests.support.drawings import hints, number, parsed, with_class


def test_parts_of_main_memory_fill_the_bar(report):
    drawing = parsed(sizes.draw(report))
    widths = [number(part, "width") for part in with_class(drawing, "part")]
    assert sum(widths) == pytest.approx(sizes.WIDTH, abs=0.1)
    assert any("weights: 100.0 KiB" in hint for hint in hints(drawing))
