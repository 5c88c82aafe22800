"""Boxes of a memory over time."""

from __future__ import annotations

import pytest

from flows.report.charts import memory
from flows.report.memory_map import Box
from tests.support.drawings import hints, number, parsed, with_class


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
