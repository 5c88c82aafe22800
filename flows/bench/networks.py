"""The suite of whole networks: cycles on the RTL against the limit and against other systems.

Weights and inputs are random (seeded): nothing is trained, as cycles do not depend on the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.bench import network_tables, published
from flows.bench.choice import chosen
from flows.bench.runner import Bench, Measurement, with_random_inputs

SIZES = (8, 16)
"""Array sizes that are measured by default."""
PREDICTION_GOAL = 0.05
"""Largest error of the compiler's cost model for the engine."""
FEWER_GOAL = 300
"""How many times fewer cycles than the published HEEPstor its convolutional networks must take at
S = 8."""
SOFTWARE_SIZE = 8
SOFTWARE_MACS = 300_000
"""Networks up to this size are also run on the CPU alone; larger ones would take too long."""

_LARGE = {8: 1.25, 16: 1.4}
_SMALL = {8: 1.6}


@dataclass(frozen=True)
class Network:
    """A project that is measured, and its goals."""

    name: str
    shape: tuple[int, ...]
    """Shape of one input."""
    ratios: dict[int, float] | None = None
    """Array size -> most cycles allowed, as a multiple of the limit with all maps moved."""
    cycles: dict[int, int] | None = None
    """Array size -> most cycles allowed."""
    fewer: bool = False
    """Whether FEWER_GOAL applies."""
    bank_kib: int | None = None
    """Size of a memory bank that has room for it; None: as configured."""

    def goals(self, array_size: int, streaming_limit: float) -> dict[str, int]:
        """Return a mapping from each goal, in words, to the most cycles that it allows."""
        goals = {}
        ratio = (self.ratios or {}).get(array_size)
        if ratio is not None:
            goals[f"{ratio} x the limit with all maps moved"] = int(ratio * streaming_limit)
        if self.fewer and array_size == 8:
            theirs = published.ENGINE_CYCLES[self.name][array_size]
            goals[f"{FEWER_GOAL} x fewer than published"] = theirs // FEWER_GOAL
        if cycles := (self.cycles or {}).get(array_size):
            goals["cycles"] = cycles
        return goals


NETWORKS = (
    Network("mnist-single-layer", (1, 12, 12)),
    Network("mnist-multi-layer", (1, 12, 12)),
    Network("bench-fmnist-small", (1, 12, 12)),
    Network("mnist", (1, 28, 28)),
    Network("bench-fmnist-medium", (1, 15, 15), _SMALL, fewer=True),
    Network("fmnist-conv2d", (1, 14, 14), _SMALL, fewer=True),
    Network("mnist-cnn", (1, 28, 28), _SMALL, cycles={16: 3_300}),
    Network("bench-fmnist-large", (1, 28, 28), _LARGE, fewer=True),
    Network("cifar10-conv2d", (3, 26, 26), _LARGE, fewer=True),
    Network("dscnn", (1, 49, 10), cycles={16: 30_000}),
    Network("resnet8", (3, 32, 32), _LARGE, cycles={16: 53_000}),
    Network("vgg6", (3, 32, 32), _LARGE, cycles={16: 175_000}),
    Network("transformer", (1, 49, 10)),
    Network("mobilenetv2", (3, 96, 96), bank_kib=256),
    Network("unet", (3, 64, 64)),
)

BY_NAME = {network.name: network for network in NETWORKS}


def run(bench: Bench, sizes: Sequence[int] = (), only: Sequence[str] = ()) -> dict:
    """Measure each network at each array size; return the figures for JSON.

    Args:
        bench: where programs are built and run.
        sizes: array sizes; SIZES if empty.
        only: names of networks; all if empty.
    """
    networks = chosen(BY_NAME, only)
    rows = [
        row(network, measure(bench, network, size))
        for size in sizes or SIZES
        for network in networks
    ]
    if SOFTWARE_SIZE in (sizes or SIZES):
        _add_software(bench, rows)
    return {"networks": rows}


def measure(
    bench: Bench,
    network: Network,
    array_size: int,
    name: str = "",
    precision: Mapping[str, Any] | None = None,
) -> Measurement:
    """Measure one inference of a network, in a memory that has room for it.

    Args:
        bench: where the program is built and run.
        network: the network.
        array_size: S.
        name: of the program; "": the project's.
        precision: settings that replace the project's. Ranges of INT8 activations are measured
            with the random inputs.
    """
    project = with_random_inputs(bench.root / "projects" / network.name, network.shape)
    settings = replace(project.settings, **(precision or {}))
    project = replace(project, name=name or project.name, settings=settings)
    large = bench if network.bank_kib is None else bench.with_banks(network.bank_kib)
    return large.network(project, array_size)


def row(network: Network, measured: Measurement) -> dict:
    """Return the figures of one network at one array size."""
    theirs = published.ENGINE_CYCLES.get(network.name, {}).get(measured.array_size)
    return {
        "name": network.name,
        **measured.to_dict(),
        "goals": network.goals(measured.array_size, measured.streaming_limit),
        "prediction_error": measured.predicted / measured.engine - 1,
        "published": theirs,
        "times_fewer": theirs / measured.cycles if theirs else None,
        "published_cpu": published.CPU_CYCLES.get(network.name),
        "software": None,
    }


def _add_software(bench: Bench, rows: Iterable[dict]) -> None:
    """Add the cycles that small networks take on the CPU alone, with the same outputs."""
    for figures in rows:
        if figures["array_size"] == SOFTWARE_SIZE and figures["macs"] <= SOFTWARE_MACS:
            figures["software"] = bench.software_cycles(figures["name"], SOFTWARE_SIZE)


def missed(figures: dict) -> list[str]:
    """Return the goals that were missed, in words."""
    lines = []
    for row in figures["networks"]:
        where = f"{row['name']} at S = {row['array_size']}"
        lines += [
            f"{where}: {row['cycles']:,} cycles, at most {most:,} ({goal})"
            for goal, most in row["goals"].items()
            if row["cycles"] > most
        ]
        if abs(row["prediction_error"]) > PREDICTION_GOAL:
            lines.append(
                f"{where}: the cost model predicts {row['predicted']:,} engine cycles, "
                f"{row['prediction_error']:+.1%} off the measured {row['engine']:,}; at most "
                f"{PREDICTION_GOAL:.0%} is allowed"
            )
    return lines


def show(figures: dict) -> None:
    """Print the tables."""
    network_tables.show(figures["networks"], SOFTWARE_MACS)
