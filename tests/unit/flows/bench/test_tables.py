"""Figures in tables."""

import io

import pytest
from rich.console import Console

from flows.bench.tables import figures_table, percent, times, whole


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        (whole, 1234567.6, "1,234,568"),
        (times, 99.94, "99.9"),
        (times, 270.4, "270"),
        (times, 12345, "12,345"),
        (percent, 0.0125, "+1.2%"),
        (percent, -0.05, "-5.0%"),
    ],
)
def test_figures(function, value, text):
    assert function(value) == text
    assert function(None) == "-"


def test_texts_stand_left_and_figures_right():
    table = figures_table("a title", ("name", "place", "cycles"), texts=2)
    table.add_row("a", "b", "1")
    table.add_row("longer", "b", "1,000")
    stream = io.StringIO()
    Console(file=stream, width=80).print(table)
    first, second = (line for line in stream.getvalue().splitlines() if " b " in line)
    assert first.index("a") == second.index("longer")
    assert first[second.index("1,000") + len("1,00")] == "1"
