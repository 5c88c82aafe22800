"""Tables of figures on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

NONE = "-"
"""Shown where there is no figure."""


def figures_table(
    title: str, headings: Sequence[str], texts: int = 1, *, narrow: bool = False
) -> Table:
    """Return an empty table whose first `texts` columns are text, and the others figures.

    `narrow` omits the lines between columns, for tables with many of them.
    """
    from rich import box
    from rich.table import Table

    shape: dict[str, Any] = {"box": box.SIMPLE_HEAD, "padding": 0} if narrow else {}
    table = Table(title=title, title_justify="left", **shape)
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index >= texts else "left", no_wrap=True)
    return table


def cycles_table(
    title: str,
    what: str,
    rows: Sequence[dict],
    goals: Sequence[float | None],
    *,
    narrow: bool = False,
) -> Table:
    """Return the table of cycles, limits and goals.

    Args:
        title: of the table.
        what: the heading of the names.
        rows: figures, as `flows.bench.runner.Measurement.to_dict` gives them, with a name.
        goals: of each row, in cycles.
        narrow: as for `figures_table`.
    """
    headings = (
        *(what, "S", "MACs", "limit", "moved", "goal", "cycles", "ratio", "to moved"),
        *("engine", "predicted"),
    )
    table = figures_table(title, headings, narrow=narrow)
    for row, goal in zip(rows, goals, strict=True):
        error = row["predicted"] / row["engine"] - 1
        table.add_row(
            row["name"],
            str(row["array_size"]),
            whole(row["macs"]),
            whole(row["limit"]),
            whole(row["streaming_limit"]),
            whole(goal),
            whole(row["cycles"]),
            f"{row['ratio']:.3f}",
            f"{row['streaming_ratio']:.3f}",
            whole(row["engine"]),
            f"{whole(row['predicted'])} {percent(error)}",
        )
    return table


def whole(value: float | None) -> str:
    """Return a number with thousands separators; "-" for None."""
    return NONE if value is None else f"{value:,.0f}"


def times(value: float | None) -> str:
    """Return a ratio with three digits; "-" for None."""
    if value is None:
        return NONE
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def percent(value: float | None) -> str:
    """Return a deviation as a signed percentage; "-" for None."""
    return NONE if value is None else f"{value:+.1%}"
