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


def test_a_cell_shows_what_takes_the_most_of_it():
    boxes = [memory_map.Box("a", 0, 10, 0, 0), memory_map.Box("b", 10, 32, 0, 0)]
    assert memory_map.draw(boxes, 1)[0].strip() == "0 |BB|"


def test_small_memories_have_one_line_and_large_ones_eight():
    for size, lines in ((1, 1), (33, 2), (1 << 20, 8)):
        drawn = memory_map.draw([memory_map.Box("a", 0, size, 0, 0)], 1)
        assert len(drawn) == lines + 1, "and the legend"


def test_a_legend_of_many_tensors_is_wrapped():
    boxes = [memory_map.Box(f"tensor{n}", 32 * n, 32 * n + 32, n, n) for n in range(70)]
    legend = [line for line in memory_map.draw(boxes, 70) if "|" not in line]
    assert len(legend) > 5 and max(map(len, legend)) <= 100
    assert "A tensor0: 32" in legend[0] and "H tensor69: 32" in legend[-1], "letters are used again"
