"""The findings of the stage `check` on a terminal: what runs where, what it needs, what is missing.

Nothing of it has been measured; cycles are predictions.
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.config import Config
from flows.config.remedies import remedies
from flows.units import count, size

if TYPE_CHECKING:
    from rich.table import Table

    from flows.terminal.progress import Terminal

FILE = "check.json"
_WIDTHS = {"layer": 22, "place": 6, "operator": 19, "shape": 24}
"""Columns of text, with the most characters that fit 100 columns beside the numbers."""
_NUMBERS = 19
"""Characters for both columns of numbers; if they need more, the shape gets less."""
_INDENT = " " * 13
_NAMED = 4
"""Layers that a line names."""


def read(folder: Path) -> dict[str, Any]:
    """Read the findings in a stage's folder."""
    return json.loads((folder / FILE).read_text())


def obstacles(found: dict[str, Any], config: Config) -> list[str]:
    """Return everything that keeps a model from being built, a message each."""
    messages = [problem["message"] for problem in found["problems"]]
    memory = found["memory"]
    if memory is None:
        return messages
    knobs = remedies(config, memory)
    missing = memory["total"] - memory["available"]
    if missing > 0:
        messages.append(
            f"The main memory has {size(memory['available'])}, but about {size(memory['total'])} "
            f"are needed: {size(missing)} are missing."
        )
    if "arena_kib" in knobs:
        messages.append(
            f"The arena has {size(memory['arena_available'])}, but the model's activations need "
            f"{size(memory['arena'])}."
        )
    if knobs:
        changes = ",".join(f"{name}={value}" for name, value in knobs.items())
        messages.append(f"Large enough: --set {changes}")
    elif missing > 0:
        messages.append("No memory that can be configured is large enough: use a smaller model.")
    return messages


def show(found: dict[str, Any], config: Config, terminal: Terminal) -> None:
    """Print the findings."""
    from flows.terminal.tables import console

    out = console(stream=terminal.stream)
    out.print()
    if found["layers"]:
        out.print(layer_table(found))
        for line in (*_reasons(found["layers"]), "", *_totals(found)):
            out.print(line, soft_wrap=True)
    messages = obstacles(found, config)
    for message in messages:
        out.print(message, soft_wrap=True)
    if not messages:
        out.print("The model can be built.")


def layer_table(found: dict[str, Any]) -> Table:
    """Return a table of layers: where they run, and what they cost."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    everything = [*found["layers"], found["total"]]
    numbers = {
        heading: max(len(_number(each[key])) for each in everything)
        for heading, key in (("MACs", "macs"), ("cycles", "predicted_cycles"))
    }
    excess = max(sum(numbers.values()) - _NUMBERS, 0)
    for heading, width in {**_WIDTHS, "shape": _WIDTHS["shape"] - excess}.items():
        table.add_column(heading, no_wrap=True, overflow="ellipsis", max_width=width)
    for heading, width in numbers.items():
        table.add_column(heading, justify="right", no_wrap=True, min_width=width)
    for layer in found["layers"]:
        texts = (layer[key] for key in ("label", "place", "op", "shape"))
        macs, cycles = layer["macs"], layer["predicted_cycles"]
        table.add_row(*texts, _number(macs) if macs else "", _number(cycles))
    table.add_section()
    total = found["total"]
    cycles = count(total["predicted_cycles"])
    table.add_row("total", "", "", "", count(total["macs"]), cycles, style="bold")
    return table


def _number(value: int | None) -> str:
    return "unknown" if value is None else count(value)


def _reasons(layers: list[dict[str, Any]]) -> list[str]:
    """Return a line for each reason why layers are where they are."""
    groups: dict[tuple[str, str], list[str]] = {}
    for layer in layers:
        groups.setdefault((layer["place"], layer["reason"]), []).append(layer["name"])
    return [f"  {place}, {_listed(names)}: {why}." for (place, why), names in groups.items()]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _totals(found: dict[str, Any]) -> list[str]:
    """Return lines about cycles and memory."""
    memory, total = found["memory"], found["total"]
    unknown = total["unpredicted"]
    lines = []
    if unknown:
        lines.append(
            f"Cycles       a lower bound: there is no estimate for {_listed(unknown)} on the CPU"
        )
    parts = [f"{name} {size(value)}" for name, value in memory["parts"].items() if value]
    whole = f"about {size(memory['total'])} of {size(memory['available'])}; code is an estimate:"
    lines.append(f"Memory       {whole}")
    text = ", ".join(parts)
    return lines + textwrap.wrap(text, 100, initial_indent=_INDENT, subsequent_indent=_INDENT)
