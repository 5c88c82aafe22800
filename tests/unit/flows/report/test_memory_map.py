"""Memory over time, as text."""

from __future__ import annotations

from flows.report import memory_map


def test_memory_as_text():
    regions = [
        {"tensor": "a", "offset": 0, "bytes": 64, "first": 0, "last": 1, "over": None},
        {"tensor": "b", "offset": 64, "bytes": 64, "first": 1, "last": 2, "over": "a"},
    ]
    lines = memory_map.draw(memory_map.boxes(regions, "bytes"), 3)
    assert [line.strip() for line in lines] == _DRAWN


_DRAWN = ["0 |AAAA..|", "32 |AAAA..|", "64 |..BBBB|", "96 |..BBBB|", "A a: 64, B b: 64 over a"]
