"""Tables of figures on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

NONE = "-"
"""Where there is no figure."""


def figures_table(
    title: str, headings: Sequence[str], texts: int = 1, *, narrow: bool = False
) -> Table:
    """An empty table; the first `texts` columns are text, the others figures.

    `narrow` leaves lines between the columns out, where there are many.
    """
    from rich import box
    from rich.table import Table

    shape: dict[str, Any] = {"box": box.SIMPLE_HEAD, "padding": 0} if narrow else {}
    table = Table(title=title, title_justify="left", **shape)
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index >= texts else "left", no_wrap=True)
    return table


def whole(value: float | None) -> str:
    """A number with thousands' separators; "-" for None."""
    return NONE if value is None else f"{value:,.0f}"


def times(value: float | None) -> str:
    """A ratio in three digits; "-" for None."""
    if value is None:
        return NONE
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def percent(value: float | None) -> str:
    """A deviation with its sign; "-" for None."""
    return NONE if value is None else f"{value:+.1%}"
