"""The suite of the zoo: networks that users bring, as the tests have them, on the RTL."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from flows.bench.choice import chosen
from flows.bench.runner import Bench, Measurement
from flows.bench.tables import figures_table, whole
from flows.repository import require_repository
from flows.terminal.tables import console

if TYPE_CHECKING:
    from rich.table import Table

SIZES = (8, 16)
"""Array sizes that are measured by default."""
BANK_KIB = 16_384
"""Size of a memory bank: there is room for the weights of every network."""
CPU_GOAL = 0.1
"""Largest share of a convolutional network's cycles that the CPU may take."""
EXCITATION_GOAL = 0.25
"""The same for networks with squeeze-and-excitation."""
EXCITED = ("mobilenetv3-small", "efficientnet-b0")
"""Convolutional networks with squeeze-and-excitation."""
CONVOLUTIONAL = (
    *("squeezenet", "mobilenetv2", "shufflenetv2", "resnet18", "resnext", "regnetx", "densenet"),
    *("alexnet", "vgg11", "unet-transposed", "unet-nearest", "unet-bilinear"),
    *("mlperf-resnet8", "mlperf-dscnn", "mlperf-mobilenet", "m5", "conv-autoencoder"),
)
"""The other convolutional networks."""
LIMIT_GOALS = {("mobilenetv2", 16): 1.25}
"""Network and array size -> most cycles allowed besides those that depthwise layers need, as a
multiple of the limit."""


def run(bench: Bench, sizes: Sequence[int] = (), only: Sequence[str] = ()) -> dict:
    """Measure each network at each array size; return the figures for JSON.

    Args:
        bench: where programs are built and run.
        sizes: array sizes; SIZES if empty.
        only: names of networks; all if empty.
    """
    require_repository(bench.root)
    zoo = importlib.import_module("tests.zoo")
    large = bench.with_banks(BANK_KIB)
    networks = chosen(zoo.BY_NAME, only)
    rows = [_measure(large, network, size) for network in networks for size in sizes or SIZES]
    return {"networks": rows}


def _measure(bench: Bench, network: Any, array_size: int) -> dict:
    measured = bench.network(network.project(1), array_size, random_weights=False)
    return row(network.name, parameters(network), measured)


def parameters(network: Any) -> int:
    """Return the number of a network's trained values."""
    return sum(parameter.numel() for parameter in network.make().parameters())


def row(name: str, parameters: int, measured: Measurement) -> dict:
    """Return the figures of one network at one array size."""
    derived = {
        "cpu_share": measured.causes["CPU layers"] / measured.cycles,
        "dense_ratio": (measured.cycles - measured.depthwise) / measured.limit,
    }
    return {"name": name, "parameters": parameters, **measured.to_dict(), **derived}


def goal(name: str) -> float | None:
    """Return the largest share of the cycles that the CPU may take; None: any."""
    if name in EXCITED:
        return EXCITATION_GOAL
    return CPU_GOAL if name in CONVOLUTIONAL else None


def missed(figures: dict) -> list[str]:
    """Return the goals that were missed, in words."""
    return [line for row in figures["networks"] for line in _missed(row)]


def _missed(row: dict) -> Iterator[str]:
    heading = f"{row['name']} at S = {row['array_size']}"
    most = goal(row["name"])
    if most is not None and row["cpu_share"] > most:
        yield f"{heading}: the CPU takes {row['cpu_share']:.1%} of the cycles, at most {most:.0%}"
    most = LIMIT_GOALS.get((row["name"], row["array_size"]))
    if most is not None and row["dense_ratio"] > most:
        yield (
            f"{heading}: without what depthwise layers need, {row['dense_ratio']:.2f} times the "
            f"limit, at most {most}"
        )


def show(figures: dict) -> None:
    """Print the table."""
    console().print(table(figures["networks"]))


def table(rows: Sequence[dict]) -> Table:
    """Return the table of each network's size, cycles, share on the CPU, and ratio to the limit."""
    headings = (
        *("network", "parameters", "MACs", "S", "cycles", "CPU", "limit", "ratio", "depthwise"),
        "ratio without",
    )
    title = "The zoo: one inference on the RTL of the whole SoC"
    result = figures_table(title, headings, narrow=True)
    for row in rows:
        result.add_row(
            row["name"],
            whole(row["parameters"]),
            whole(row["macs"]),
            str(row["array_size"]),
            whole(row["cycles"]),
            f"{row['cpu_share']:.1%}",
            whole(row["limit"]),
            f"{row['ratio']:.2f}",
            whole(row["depthwise"] or None),
            f"{row['dense_ratio']:.2f}",
        )
    return result
