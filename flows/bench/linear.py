"""The linear suite: matrix products, perceptrons, error, resources, simulation speed."""

from __future__ import annotations

from dataclasses import dataclass

from flows.bench import accuracy, published
from flows.bench.runner import Bench
from flows.bench.synthesis import array_resources
from flows.bench.tables import cycles_table, figures_table
from flows.terminal.tables import console

SYNTHESIZED_SIZE = 8
PE_GOAL = {"lut": 64, "dsp": 1}
SIMULATION_GOAL = 200_000
"""Simulated cycles per second at S = 8, on two cores."""


@dataclass(frozen=True)
class Case:
    """A program, the array sizes to measure it at, and the most cycles that it may take."""

    name: str
    sizes: tuple[int, ...]
    batch: int
    array_sizes: tuple[int, ...] = (8, 16)
    softmax: bool = False
    ratio: float | None = None
    """Goal as a multiple of the limit with all activations moved."""
    cycles: int | None = None
    """Goal in cycles."""


CASES = (
    Case("64x256x64", (256, 64), 64, ratio=1.12),
    Case("128x128x128", (128, 128), 128, ratio=1.12),
    Case("256x256x64", (256, 64), 256, ratio=1.12),
    # 1.25 times 7,020 cycles: weights and input, each moved once at 16 bytes per cycle.
    Case("784-128-64-10", (784, 128, 64, 10), 1, (8,), softmax=True, cycles=8_775),
    # A fiftieth of the published design's cycles at the same array size.
    Case("mnist-single-layer", (144, 10), 5, (8,), softmax=True, cycles=143_075 // 50),
    Case("mnist-multi-layer", (144, 20, 10), 5, (8,), softmax=True, cycles=243_161 // 50),
    Case("bench-fmnist-small", (144, 20, 10), 8, (8,), softmax=True, cycles=296_466 // 50),
)


def run(bench: Bench) -> dict:
    """Measure everything; return the figures for JSON."""
    programs = []
    for array_size in (8, 16):
        for case in CASES:
            if array_size in case.array_sizes:
                programs.append(_measure(bench, case, array_size))
    config, _ = bench.config(SYNTHESIZED_SIZE)
    return {
        "programs": programs,
        "error": accuracy.rows(),
        "resources": array_resources(bench, SYNTHESIZED_SIZE, config.engine.port_words),
        "simulation": _simulation_speed(programs),
    }


def _measure(bench: Bench, case: Case, array_size: int) -> dict:
    measured = bench.linear(case.name, array_size, case.sizes, case.batch, case.softmax)
    figures = {"name": case.name, "batch": case.batch, **measured.to_dict()}
    figures["goal"] = case.cycles or round((case.ratio or 0.0) * measured.streaming_limit)
    theirs = published.ENGINE_CYCLES.get(case.name, {}).get(array_size)
    if theirs:
        figures["published"] = theirs
        figures["published_cpu"] = published.CPU_CYCLES[case.name]
        figures["times_fewer"] = theirs / measured.cycles
    return figures


def _simulation_speed(programs: list[dict]) -> dict:
    """Return the simulated cycles per second at S = 8, over all programs of that size."""
    at_8 = [program for program in programs if program["array_size"] == 8]
    cycles = sum(program["simulated_cycles"] for program in at_8)
    seconds = sum(program["wall_seconds"] for program in at_8)
    return {"array_size": 8, "cycles": cycles, "seconds": seconds, "rate": cycles / seconds}


def missed(figures: dict) -> list[str]:
    """Return the goals that were missed. The speed of this machine is not judged."""
    lines = [
        f"{row['name']} at S = {row['array_size']}: {row['cycles']:,} cycles, at most "
        f"{row['goal']:,}"
        for row in figures["programs"]
        if row["cycles"] > row["goal"]
    ]
    pe = figures["resources"]["processing_element"]
    lines += [
        f"processing element: {pe[kind]} {kind.upper()}, at most {most}"
        for kind, most in PE_GOAL.items()
        if pe[kind] > most
    ]
    lines += [
        f"error of {row['data']} data, depth {row['depth']}: not below sequential FP32"
        for row in figures["error"]
        if max(row["array_8"], row["array_16"]) >= row["fp32"]
    ]
    return lines


def show(figures: dict) -> None:
    """Print the tables."""
    out = console()
    for table in (
        cycles_table(
            "Cycles of one inference, on the RTL of the whole SoC",
            "program",
            figures["programs"],
            [row["goal"] for row in figures["programs"]],
        ),
        _causes_table(figures["programs"]),
        _published_table(figures["programs"]),
        _error_table(figures["error"]),
        _resources_table(figures["resources"]),
    ):
        out.print(table)
        out.print()
    speed = figures["simulation"]
    out.print(
        f"Simulation at S = 8: {speed['cycles']:,} cycles in {speed['seconds']:.1f} s, "
        f"{speed['rate']:,.0f} cycles per second (goal: {SIMULATION_GOAL:,})."
    )


def _causes_table(programs: list[dict]):
    causes = tuple(programs[0]["causes"])
    short = {"array busy": "busy", "activations": "activ.", "accumulators": "accum."}
    short |= {"descriptors": "descr.", "CPU layers": "CPU"}
    headings = ("program", "S", *(short.get(cause, cause) for cause in causes))
    table = figures_table("Where the cycles went: array busy, or waiting for ...", headings)
    for row in programs:
        values = (f"{row['causes'][cause]:,}" for cause in causes)
        table.add_row(row["name"], str(row["array_size"]), *values)
    return table


def _published_table(programs: list[dict]):
    headings = ("network", "batch", "S", "cycles", "published", "times fewer", "its CPU alone")
    table = figures_table("Against the published HEEPstor, at the same array size", headings)
    for row in programs:
        if "published" in row:
            table.add_row(
                row["name"],
                str(row["batch"]),
                str(row["array_size"]),
                f"{row['cycles']:,}",
                f"{row['published']:,}",
                f"{row['times_fewer']:.1f}",
                f"{row['published_cpu']:,}",
            )
    return table


def _error_table(rows: list[dict]):
    headings = ("data", "K", "FP32, one by one", "S = 8", "S = 16", "smaller by")
    table = figures_table("Error relative to float64 (root mean square)", headings)
    for row in rows:
        table.add_row(
            row["data"],
            str(row["depth"]),
            f"{row['fp32']:.2e}",
            f"{row['array_8']:.2e}",
            f"{row['array_16']:.2e}",
            f"{row['fp32'] / row['array_8']:.1f}, {row['fp32'] / row['array_16']:.1f}",
        )
    return table


def _resources_table(resources: dict[str, dict]):
    headings = ("module", "instances", "LUT", "FF", "DSP")
    title = f"Resources at S = {SYNTHESIZED_SIZE} (one instance; Yosys for the XCZU7EV)"
    table = figures_table(title, headings)
    for name, row in resources.items():
        values = (f"{row[key]:,}" for key in ("instances", "lut", "ff", "dsp"))
        table.add_row(name, *values)
    pe = published.PE
    table.add_row("published PE", "", str(pe["lut"]), str(pe["ff"]), str(pe["dsp"]))
    return table
