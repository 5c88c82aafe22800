"""Tables of the suite of MLPerf Tiny."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flows.bench.tables import NONE, figures_table, times, whole
from flows.terminal.tables import console

if TYPE_CHECKING:
    from rich.table import Table


def show(figures: dict) -> None:
    """Print the tables, and what was skipped."""
    out = console()
    rows = figures["networks"]
    for table in (cycles_table(rows, figures["together"]), memory_table(rows)):
        if table.row_count:
            out.print(table)
            out.print()
    for name, reason in figures["skipped"].items():
        out.print(f"Skipped: {name}. {reason}", soft_wrap=True)


def cycles_table(rows: Sequence[dict], together: Sequence[dict]) -> Table:
    """Return the table of cycles and MACs, beside goals and the best published cycles."""
    headings = (
        *("network", "values", "S", "P", "MACs", "cycles", "goal", "published", "fewer"),
        *("MACs/cycle", "peak", "predicted"),
    )
    title = (
        "MLPerf Tiny: one inference on the RTL of the whole SoC, softmax included.\n"
        "published: the fewest cycles of all published results; peak: S^2 MACs a cycle, 2 S^2 INT8"
    )
    table = figures_table(title, headings, texts=2, narrow=True)
    for row in rows:
        table.add_row(
            *(row["name"], row["values"], str(row["array_size"]), str(row["port_words"])),
            *map(whole, (row["macs"], row["cycles"], row["goal"], row["published"])),
            times(row["times_fewer"]),
            f"{row['macs_a_cycle']:.1f}",
            f"{row['share_of_peak']:.1%}",
            f"{row['prediction_error']:+.1%}",
        )
    for row in together:
        table.add_row(
            *("all four", "INT8", str(row["array_size"]), str(row["port_words"]), ""),
            *map(whole, (row["cycles"], row["goal"], row["published"])),
            times(row["published"] / row["cycles"]),
        )
    return table


def memory_table(rows: Sequence[dict]) -> Table:
    """Return the table of memory in bytes, and of accuracy where samples have labels."""
    parts = ("code", "weights", "arena")
    headings = (
        *("network", "values", "S", "P", *(f"{part}, B" for part in parts)),
        *("samples", "correct", "on the RTL", "correct"),
    )
    title = (
        "Memory, and accuracy: of the integer reference on all samples, and on the RTL, whose\n"
        "outputs are equal in every bit"
    )
    table = figures_table(title, headings, texts=2, narrow=True)
    for row in rows:
        table.add_row(
            *(row["name"], row["values"], str(row["array_size"]), str(row["port_words"])),
            *(whole(row["size"][part]) for part in parts),
            *_accuracy_cells(row["accuracy"]),
        )
    return table


def _accuracy_cells(accuracy: dict | None) -> list[str]:
    if accuracy is None:
        return [NONE] * 4
    whole_set, on_rtl = accuracy["quantized"], accuracy["rtl"]
    return [
        whole(accuracy["samples"]),
        NONE if whole_set is None else f"{whole_set:.1%}",
        whole(on_rtl["samples"]),
        whole(on_rtl["right"]),
    ]
