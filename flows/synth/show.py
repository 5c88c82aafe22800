"""The synthesis results as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from rich.console import Console
from rich.table import Table

from flows.synth.resources import HEADINGS, NAMES

DEPTH = 3
"""Levels of the hierarchy in the table; the JSON has all of them."""
PATHS = 10
"""Modules in the table of paths."""
_LEAST_SHARE = 0.01
"""Instances with less than this share of every resource are not listed in the table."""


def print_result(result: dict, console: Console) -> None:
    """Print the tables and the estimate of the largest array."""
    console.print(table(result))
    console.print(timing(result))
    if sentence := divided_clock(result):
        console.print(sentence)
    if sentence := largest_array(result):
        console.print(sentence)


def table(result: dict, depth: int = DEPTH) -> Table:
    """Return a table of the design's share of the device, and its hierarchy."""
    device = result["device"]
    title = f"{result['top']} on the {device['name']} (Yosys, before placement)"
    shown = Table(title=title, title_justify="left", box=None, pad_edge=False)
    shown.add_column("instance", no_wrap=True)
    shown.add_column("module")
    for name in NAMES:
        shown.add_column(HEADINGS[name], justify="right")
    for level, instance, count in rows(result["tree"], NAMES, depth):
        times = f" (x {count})" if count > 1 else ""
        row = [f"{instance['total'][name]:,g}" for name in NAMES]
        shown.add_row("  " * level + instance["name"] + times, instance["kind"], *row)
    shown.add_section()
    shown.add_row("the device", device["name"], *(f"{device['holds'][n]:,g}" for n in NAMES))
    shown.add_row("share", "", *(percent(result["share"][n]) for n in NAMES))
    return shown


def timing(result: dict, most: int = PATHS) -> Table:
    """Return a table of the slowest path that ends in each kind of module, the slowest first."""
    found = result["timing"]
    title = (
        f"Estimate of the timing before placement: {found['nanoseconds']:.1f} ns "
        f"({found['mhz']:.0f} MHz), {found['levels']} levels of LUTs"
    )
    return slowest_paths(found["paths"], title, "levels", most)


def slowest_paths(paths: list[dict], title: str, levels: str, most: int = PATHS) -> Table:
    """Return a table of the slowest path that ends in each kind of module, the slowest first.

    `levels` is the heading of their levels of logic.
    """
    shown = Table(title=title, title_justify="left", box=None, pad_edge=False)
    shown.add_column("slowest path into", no_wrap=True)
    shown.add_column("ns", justify="right")
    shown.add_column(levels, justify="right")
    shown.add_column("from", overflow="fold")
    shown.add_column("to", overflow="fold")
    worst: dict[str, dict] = {}
    for path in paths:
        worst.setdefault(path["to"]["module"], path)
    for kind, path in list(worst.items())[:most]:
        ends = (_end(path["from"]), _end(path["to"]))
        shown.add_row(kind, f"{path['nanoseconds']:.1f}", str(path["levels"]), *ends)
    return shown


def divided_clock(result: dict) -> str:
    """Return a sentence about the CPU's own clock; empty for a design without one."""
    found = result["timing"]["divided"]
    if not found:
        return ""
    slowest = found["paths"][0]
    divider = ceil(found["nanoseconds"] / result["timing"]["nanoseconds"])
    return (
        f"The CPU's clock: {found['nanoseconds']:.1f} ns ({found['mhz']:.0f} MHz), "
        f"{slowest['levels']} levels, from {_end(slowest['from'])} to {_end(slowest['to'])}. "
        f"It may be as fast as the other one divided by {divider}."
    )


def _end(place: dict) -> str:
    """Return a register with its module, and where it is declared."""
    where = f" ({place['file']}:{place['line']})" if place["file"] else ""
    return f"{place['module']}.{place['name']}{where}"


def percent(share: float) -> str:
    """Return a share as a percentage."""
    return f"{100 * share:.1f} %"


def rows(tree: dict, names: Sequence[str], depth: int = DEPTH) -> Iterator[tuple[int, dict, int]]:
    """Yield level, instance and the number of similar ones, without those small in all `names`."""
    least = {name: _LEAST_SHARE * tree["total"][name] for name in names}

    def walk(instance: dict, level: int, count: int) -> Iterator[tuple[int, dict, int]]:
        yield level, instance, count
        if level == depth:
            return
        for child, times in _alike(instance["children"]):
            if any(child["total"][name] * times > least[name] for name in names):
                yield from walk(child, level + 1, times)

    yield from walk(tree, 0, 1)


def _alike(children: list[dict]) -> list[tuple[dict, int]]:
    """Group instances of the same kind and usage, which share one row."""
    groups: dict[tuple, list[dict]] = {}
    for child in children:
        groups.setdefault((child["kind"], *child["total"].values()), []).append(child)
    return [(group[0], len(group)) for group in groups.values()]


def largest_array(result: dict) -> str:
    """Return a sentence about the largest array that fits; empty for a design without one."""
    found = result["largest_array"]
    if not found:
        return ""
    size, limit = found["size"], found["engine_limit"]
    words = f"Estimated from these figures, the largest array that fits is {size} x {size}"
    if not size:
        words = "Estimated from these figures, no array fits"
    if found["lacking"]:
        words += f" (a larger one would lack {found['lacking']})"
    return f"{words}. The engine's limit is {limit} x {limit}."
