"""The results in standard cells as tables."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from flows.synth.show import rows, slowest_paths

_COLUMNS = {
    "area": "um2",
    "gates": "gate equ.",
    "registers": "registers",
    "memory_bits": "memory bits",
}
_POWER = {
    "milliwatts": "mW",
    "clock": "clock",
    "switching": "nets",
    "internal": "cells",
    "leakage": "leakage",
}


def print_result(result: dict, console: Console) -> None:
    """Print the tables of area, memories and timing."""
    console.print(table(result))
    console.print(memories(result))
    console.print(timing(result))


def table(result: dict) -> Table:
    """Return a table of the hierarchy with area, gate equivalents, registers and memory bits."""
    technology = result["technology"]
    shown = _table(f"{result['top']} in {technology['label']}")
    shown.caption = (
        f"um2: the cells' area without memories; a gate equivalent is a {technology['gate']} of "
        f"{technology['gate_area']:g} um2; registers: flip-flops and latches"
    )
    _add_hierarchy(shown, result["tree"], _COLUMNS, digits=0)
    return shown


def memories(result: dict) -> Table:
    """Return a table of the memories, which are black boxes."""
    least = result["technology"]["largest_register_file"]
    shown = _table(f"Memories of more than {least:,} bits: black boxes without area and delay")
    shown.add_column("module", no_wrap=True)
    shown.add_column("memory")
    for heading in ("number", "words", "width", "reads", "writes", "bits of all"):
        shown.add_column(heading, justify="right")
    for one in result["memories"]:
        values = (one["instances"], one["words"], one["width"], one["reads"], one["writes"])
        bits = one["bits"] * one["instances"]
        shown.add_row(one["module"], one["name"], *map(str, values), f"{bits:,}")
    return shown


def timing(result: dict) -> Table:
    """Return a table of the slowest path into each kind of module."""
    found = result["timing"]
    title = (
        f"Worst path by OpenSTA, ideal clock, no wires: {found['nanoseconds']:.1f} ns "
        f"({found['mhz']:.0f} MHz)"
    )
    return slowest_paths(found["paths"], title, "gates")


def power(result: dict) -> Table:
    """Return a table of the hierarchy with the power of an inference."""
    agreement = result["agreement"]
    title = (
        f"Power in {result['technology']['label']}, at {result['megahertz']:g} MHz, "
        "of an inference while the engine works"
    )
    shown = _table(title)
    shown.caption = (
        f"from the edges of every net in {result['recorded_cycles']:,} cycles of an inference of "
        f"{result['inference_cycles']:,}, recorded in Verilator: mW in all, pJ in a cycle of "
        "registers' clock pins, of nets, and inside cells; leakage in nW. Without memories, wires, "
        f"the clock's tree and glitches. {agreement['wrong']:,} of {agreement['checked']:,} "
        f"registers' values differ between gates and simulation; {agreement['unknown']:,} of "
        f"{agreement['sources']:,} bits were not recorded"
    )
    _add_hierarchy(shown, result["tree"], _POWER, digits=1)
    return shown


def _add_hierarchy(shown: Table, tree: dict, columns: dict[str, str], digits: int) -> None:
    """Add a row for each instance; `columns` are names of its fields with their headings."""
    shown.add_column("instance", no_wrap=True)
    shown.add_column("module")
    for heading in columns.values():
        shown.add_column(heading, justify="right")
    for level, instance, count in rows(tree, tuple(columns)):
        times = f" (x {count})" if count > 1 else ""
        values = [f"{instance['total'][name]:,.{digits}f}" for name in columns]
        shown.add_row("  " * level + instance["name"] + times, instance["kind"], *values)


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", caption_justify="left", box=None, pad_edge=False
    )
