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
