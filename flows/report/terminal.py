"""The report on a terminal: a table of layers, memory over time, and a few lines of totals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.report import accuracy, memory_map
from flows.report.causes import Cause, lost, parts
from flows.units import Unit, count, megahertz, percent, ratio, size, unit_of

if TYPE_CHECKING:
    from flows.terminal.progress import Terminal


def show(report: dict, terminal: Terminal, width: int | None = None) -> None:
    """Print the tables."""
    from flows.terminal.tables import console

    out = console(width, terminal.stream)
    out.print()
    whole = layer_table(report)
    if out.measure(whole, options=out.options.update(width=_UNBOUNDED)).maximum <= out.width:
        out.print(whole)
    else:
        out.print(layer_table(report, losses=False))
        out.print()
        out.print(layer_table(report, work=False))
    for line in (_legend(report), *_cpu_lines(report), *_memory_lines(report), ""):
        out.print(line, soft_wrap=True)
    out.print(accuracy.table(report["accuracy"], report))
    if accuracy.precisions(report["accuracy"]):
        out.print()
        out.print(accuracy.table_of_precisions(report["accuracy"], report))
    if accuracy.is_random(report):
        out.print("  The weights are random, so the accuracy is meaningless.")
    for line in _closing_lines(report):
        out.print(line, soft_wrap=True)


def show_page(page: Path, terminal: Terminal) -> None:
    """Print the page's path."""
    print(f"Page         {page}", file=terminal.stream, flush=True)


_UNBOUNDED = 10_000
_NAME = {True: 12, False: 20}
"""Most characters of a layer's name: in a single table, and in each of two."""
_HEADINGS = ["MACs", "{unit}", "limit", "ratio", "peak"]
_LEGEND = (
    "  limit: the larger of MACs / peak and bytes / port width, with the bytes of weights and of\n"
    "  the network's inputs and outputs; {streaming}, if all feature maps were moved.\n"
    "  Peak of the array: {peak} MACs per cycle. Lost cycles, underut.: rows or columns of the\n"
    "  array were idle; others: what the engine waited for."
)


def layer_table(report: dict, work: bool = True, losses: bool = True):
    """Return a table of layers: what they did (`work`), and lost cycles by cause (`losses`)."""
    from rich.table import Table

    unit = unit_of(report)
    causes = lost(report) if losses else []
    title = _title(report) if work else f"Lost cycles by cause, in {unit.name}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.padding = (0, 1, 0, 0)
    table.add_column("layer", no_wrap=True, overflow="ellipsis", max_width=_NAME[work and losses])
    if work:
        table.add_column("place", no_wrap=True)
        table.add_column("shape", no_wrap=True)
    headings = _HEADINGS * work + [cause.short for cause in causes]
    for heading in headings:
        table.add_column(heading.format(unit=unit.name), justify="right", no_wrap=True)
    for layer in report["layers"]:
        cells = (*_work(layer, unit) * work, *_lost([layer], causes, report))
        table.add_row(layer["label"], *cells)
    if work:
        table.add_row("the rest", "cpu", "", "", unit.text(report["other_cycles"]))
    table.add_section()
    total = _lost(report["layers"], causes, report)
    table.add_row("total", *_total_work(report, unit) * work, *total)
    table.rows[-1].style = "bold"
    return table


def _legend(report: dict) -> str:
    total = report["total"]
    streaming = unit_of(report).text(total["streaming_limit_cycles"])
    factor = ratio(total["ratio_to_streaming_limit"])
    peaks = sorted({layer["macs_per_cycle"] for layer in report["layers"]})
    peak = " or ".join(f"{each:,}" for each in peaks)
    return _LEGEND.format(streaming=f"{streaming}, ratio {factor}", peak=peak)


def _title(report: dict) -> str:
    engine = report["hardware"]["engine"]
    of_batch = f" of {report['batch']} inputs" if report["batch"] > 1 else ""
    clock = report["time"]["clock_hz"]
    at = "" if report["time"]["unit"] == "cycles" else f" at {megahertz(clock)}"
    return (
        f"{report['project']}, array of {engine['array_size']} x {engine['array_size']}, "
        f"{engine['port_words']} words per cycle: {unit_of(report).name}{at} of one inference"
        f"{of_batch} (mean of {report['inferences']})"
    )


def _work(layer: dict, unit: Unit) -> tuple[str, ...]:
    return (
        layer["place"],
        layer["shape"],
        count(layer["macs"] or None),
        unit.text(layer["cycles"]),
        unit.text(layer["limit_cycles"] or None),
        ratio(layer["ratio_to_limit"]),
        percent(layer["share_of_peak"]),
    )


def _lost(layers: list[dict], causes: list[Cause], report: dict) -> tuple[str, ...]:
    """Return the cycles that layers lost to each cause; empty if none of them has counters."""
    found = [parts(layer) for layer in layers if layer["counters"]]
    if not found:
        return ("",) * len(causes)
    unit = unit_of(report)
    return tuple(unit.text(sum(each[cause.key] for each in found)) for cause in causes)


def _total_work(report: dict, unit: Unit) -> tuple[str, ...]:
    total = report["total"]
    return (
        *("", "", count(total["macs"])),
        *(unit.text(total["cycles"]), unit.text(total["limit_cycles"])),
        *(ratio(total["ratio_to_limit"]), percent(total["share_of_peak"])),
    )


def _cpu_lines(report: dict) -> list[str]:
    """Return lines with the layers that run on the CPU, and why."""
    if report["operators"] == "software":
        return ["  All layers run on the CPU: --operators software."]
    on_cpu = [layer for layer in report["layers"] if layer["place"] == "cpu"]
    return [f"  {layer['name']} runs on the CPU: {layer['reason']}." for layer in on_cpu]


def _memory_lines(report: dict) -> list[str]:
    """Return lines that draw the arena and the activation buffer over the layers."""
    steps = len(report["layers"])
    drawings = []
    arena, buffer = report["arena"], report["buffer"]
    if arena["regions"]:
        fixed = report["hardware"]["arena_kib"]
        of = f" of {fixed} KiB" if fixed else ""
        title = (
            f"\nArena        {size(arena['bytes'])}{of}; no allocation needs less than "
            f"{size(arena['lower_bound'])}. Bytes; layers from left to right:"
        )
        boxes = memory_map.boxes(arena["regions"], "bytes")
        drawings += [title, *memory_map.draw(boxes, steps)]
    if buffer["regions"]:
        boxes = memory_map.boxes(buffer["regions"], "words")
        used = max(box.end for box in boxes)
        title = f"\nBuffer       {used:,} of {buffer['words']:,} words. Layers from left to right:"
        drawings += [title, *memory_map.draw(boxes, steps)]
    return drawings


def _closing_lines(report: dict) -> list[str]:
    total, memory = report["total"], report["memory"]
    predictions = report["predictions"]
    clock = report["time"]["clock_hz"]
    parts = ", ".join(
        f"{part} {size(memory[part])}" for part in ("code", "data", "weights", "arena")
    )
    lines = [
        f"\nTime         {1e3 * total['cycles'] / clock:.3f} ms at {megahertz(clock)}",
        f"Memory       {parts},\n             stack {memory['stack_used']} of "
        f"{memory['stack']} bytes used, {size(memory['free'])} free",
    ]
    if predictions:
        right = predictions["equal_to_labels"]
        against_labels = "" if right is None else f"{right} of {report['inputs']} correct, "
        lines.append(
            f"Predictions  {against_labels}{predictions['equal_to_module']} of {report['inputs']} "
            f"the same as those of {accuracy.original(report)}"
        )
    return [*lines, f"Outputs      {accuracy.compared(report)}"]
