"""Figures in tables."""

import io

import pytest
from rich.console import Console

from flows.bench.tables import cycles_table, figures_table, percent, times, whole


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


def test_cycles_are_shown_with_limits_goal_and_error_of_the_prediction():
    row = {
        **{"name": "mnist", "array_size": 8, "macs": 109_184, "cycles": 7_658, "engine": 7_296},
        **{
            "limit": 7_022.0,
            "streaming_limit": 7_118.0,
            "ratio": 1.0906,
            "streaming_ratio": 1.0759,
        },
        "predicted": 7_400,
    }
    table = cycles_table("a title", "program", [row, row], [8_000, None])
    stream = io.StringIO()
    Console(file=stream, width=150).print(table)
    first, second = (line.split() for line in stream.getvalue().splitlines() if "mnist" in line)
    cells = [cell for cell in first if cell != "│"]
    assert cells == [
        *("mnist", "8", "109,184", "7,022", "7,118", "8,000", "7,658", "1.091", "1.076"),
        *("7,296", "7,400", "+1.4%"),
    ]
    assert "-" in second
