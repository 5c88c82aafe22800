"""Tables of the networks suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.bench import published
from flows.bench.tables import NONE, cycles_table, figures_table, times, whole
from flows.report.causes import WAITS
from flows.terminal.tables import console

if TYPE_CHECKING:
    from rich.table import Table


def show(rows: list[dict], software_macs: int) -> None:
    """Print all tables; `software_macs` is the size limit of networks run on the CPU alone."""
    out = console()
    for table in (
        cycles_table(
            "One inference on the RTL of the whole SoC, from the call of infer() to its return",
            "network",
            rows,
            [min(row["goals"].values(), default=None) for row in rows],
            narrow=True,
        ),
        published_table(rows),
        systems_table(rows),
        layers_table(rows),
        size_table(rows),
    ):
        if table.row_count:
            out.print(table)
            out.print()
    out.print(
        "its CPU: published, CPU and FPU without the accelerator. CPU alone: our software "
        f"operators,\nbit-identical outputs, at S = 8, networks of up to {software_macs:,} MACs."
    )


def published_table(rows: list[dict]) -> Table:
    """Return the table of cycles against the published design and against CPUs alone."""
    headings = ("network", "S", "cycles", "published", "times fewer", "its CPU", "CPU alone")
    table = figures_table(
        "Against the published HEEPstor at the same S, and CPUs alone", headings, narrow=True
    )
    for row in rows:
        if row["published"] or row["software"]:
            table.add_row(
                row["name"],
                str(row["array_size"]),
                whole(row["cycles"]),
                whole(row["published"]),
                times(row["times_fewer"]),
                whole(row["published_cpu"]),
                whole(row["software"]),
            )
    return table


def systems_table(rows: list[dict]) -> Table:
    """Return the table of other systems' cycles against ours, for each array size."""
    sizes = sorted({row["array_size"] for row in rows})
    cycles = {(row["name"], row["array_size"]): row["cycles"] for row in rows}
    headings = ["network", "system", "cycles", *(f"here, S = {size}" for size in sizes)]
    title = (
        "Against other systems, 8-bit (times fewer cycles here). MLPerf Tiny: published.\n"
        "DeepSoCFlow: its engine alone, without its CPU's work between layers"
    )
    table = figures_table(title, headings, texts=2, narrow=True)
    for system in published.SYSTEMS:
        ours = [cycles.get((system.network, size)) for size in sizes]
        if any(ours):
            fewer = [f"{whole(our)} ({system.cycles / our:.1f})" if our else NONE for our in ours]
            table.add_row(system.network, system.name, whole(system.cycles), *fewer)
    return table


def layers_table(rows: list[dict]) -> Table:
    """Return the table of the cycles that each layer lost, by cause."""
    headings = (
        "network, layer",
        "limit",
        "cycles",
        "lost",
        "underut.",
        *(wait.short for wait in WAITS),
    )
    title = (
        "Cycles that each layer lost (cycles - limit), by cause: an underutilized array\n"
        "(lanes or columns with nothing to do), and waits for ..."
    )
    table = figures_table(title, headings, narrow=True)
    for row in rows:
        heading = f"{row['name']}, S = {row['array_size']}"
        table.add_row(heading, whole(row["limit"]), whole(row["cycles"]))
        for layer in row["layers"]:
            table.add_row(f"  {short_name(layer)}", *layer_cells(layer))
    return table


def short_name(layer: dict) -> str:
    """Return the layer's name in the model and its operator."""
    name, what = layer["name"], layer["op"].split(",")[0]
    return name if name == what else f"{name} ({what})"


def layer_cells(layer: dict) -> list[str]:
    """Return the limit, the cycles, the lost cycles, and these by cause."""
    lost = layer["cycles"] - layer["limit"]
    cells = [whole(layer["limit"]), whole(layer["cycles"]), whole(lost)]
    if layer["place"] == "cpu":
        return [*cells, "CPU", *("" for _ in WAITS)]
    return [*cells, whole(layer["underutilized"]), *(whole(layer[wait.key]) for wait in WAITS)]


def size_table(rows: list[dict]) -> Table:
    """Return the table of each network's memory usage in bytes."""
    parts = ("code", "data", "weights", "arena", "total")
    headings = ("network", "S", *(f"{part}, B" for part in parts))
    title = "Memory (data: descriptors, parameters, test inputs and outputs)"
    table = figures_table(title, headings, narrow=True)
    for row in rows:
        table.add_row(
            row["name"], str(row["array_size"]), *(whole(row["size"][part]) for part in parts)
        )
    return table
