"""The suite of MLPerf Tiny: its published INT8 models on the RTL, and networks of its kind.

The published models run on samples of their own data sets, and accuracies are measured on all that
are there. The integer reference gives the bits of the RTL. The other networks are projects with
random weights and inputs, in FP32 and in integers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from flows.bench import mlperf_tables, networks, published
from flows.bench.choice import chosen
from flows.bench.published import System
from flows.bench.runner import Bench, Measurement
from flows.errors import HeepstorError
from flows.repository import work_folder
from modelgen.errors import ModelError
from modelgen.hardware import wrong_port

if TYPE_CHECKING:
    from modelgen.workload.project import Project

SIZES = (8, 16)
"""Array sizes that are measured by default."""
PORTS = (4, 8)
"""Words that the memory port moves in a cycle, by default, where the array permits them."""
INPUTS = 20
"""Samples that run on the RTL."""
TOGETHER_GOAL = 80_000
"""Most cycles of the four INT8 models together, with the array and port of `TOGETHER_ON`."""
TOGETHER_ON = (16, 8)

Array = tuple[int, int]
"""Array size and words of the port."""


@dataclass(frozen=True)
class Network:
    """A project that is measured, and its goals."""

    name: str
    values: str
    """Type of its activations."""
    cycles: Mapping[Array, int] = field(default_factory=dict)
    """Most cycles allowed."""
    published: System | None = None
    """The fewest cycles that others have published for it."""
    project: str = ""
    """Whose network it is, with random weights and inputs; "": its own, as its file has it."""
    precision: Mapping[str, str] = field(default_factory=dict)
    """Settings that replace the project's."""


def _published(name: str, most: Mapping[Array, int]) -> Network:
    return Network(name, "INT8", most, published.MLPERF_TINY[name])


def _in_integers(
    project: str, weights: str, most: int | None = None, theirs: System | None = None
) -> Network:
    """Return a project's network with INT8 activations, inputs and outputs.

    Args:
        project: its name.
        weights: "int8" or "int4".
        most: cycles that are allowed at S = 16.
        theirs: whose cycles are compared.
    """
    values = "INT8" if weights == "int8" else "INT8, INT4 weights"
    cycles = {} if most is None else {(16, port): most for port in PORTS}
    precision = {"activations": "int8", "interface": "int8", "weights": weights}
    return Network(f"{project}-{weights}", values, cycles, theirs, project, precision)


INT8 = (
    _published("mlperf-ic", {(8, 4): 105_000, (16, 4): 29_000, (16, 8): 27_500}),
    _published("mlperf-kws", {(8, 4): 42_000, (16, 4): 12_500, (16, 8): 10_500}),
    _published("mlperf-vww", {(8, 4): 112_000, (16, 4): 44_000, (16, 8): 31_000}),
    _published("mlperf-ad", {(8, 4): 18_500, (16, 4): 18_500, (16, 8): 10_000}),
)
PROJECTS = ("resnet8", "dscnn", "vgg6", "mobilenetv2")
FP32 = tuple(Network(name, "FP32", project=name) for name in PROJECTS)
VGG6_GOAL = 95_000
"""Most cycles of VGG-6 in integers at S = 16."""
OWN_INT8 = (
    _in_integers("resnet8", "int8"),
    _in_integers("dscnn", "int8"),
    _in_integers("vgg6", "int8", VGG6_GOAL, published.DEEPSOCFLOW),
    _in_integers("mobilenetv2", "int8"),
    # Where the weights' way through the memory port counts.
    _in_integers("vgg6", "int4", VGG6_GOAL, published.DEEPSOCFLOW),
    _in_integers("mobilenetv2", "int4"),
)
BY_NAME = {network.name: network for network in (*INT8, *FP32, *OWN_INT8)}


def run(
    bench: Bench, sizes: Sequence[int] = (), only: Sequence[str] = (), ports: Sequence[int] = ()
) -> dict:
    """Measure each network on each array; return the figures for JSON.

    Args:
        bench: where programs are built and run.
        sizes: array sizes; SIZES if empty.
        only: names of networks; all if empty.
        ports: words of the port; PORTS if empty. Sizes and ports that do not fit are left out.

    Raises:
        HeepstorError: no size fits any port, or an output differs from the reference's.
    """
    arrays = _arrays(sizes or SIZES, ports or PORTS)
    rows, skipped = [], {}
    for network in chosen(BY_NAME, only):
        reason = _missing(bench, network)
        if reason is None:
            rows += [_measure(bench, network, array) for array in arrays]
        else:
            skipped[network.name] = reason
            bench.terminal.line("skipped", f"{network.name}: {reason}")
    return {"networks": rows, "skipped": skipped, "together": _together(rows)}


def _arrays(sizes: Sequence[int], ports: Sequence[int]) -> list[Array]:
    found = [pair for pair in itertools.product(sizes, ports) if not wrong_port(*pair)]
    if not found:
        problems = "; ".join(wrong_port(sizes[0], ports[0]))
        raise HeepstorError(f"--sizes and --ports do not fit: {problems}.")
    return found


def _project(bench: Bench, network: Network) -> Project:
    from modelgen.workload.project import load_project

    return load_project(bench.root / "projects" / network.name)


def _missing(bench: Bench, network: Network) -> str | None:
    """Return why there is no model of a network; None if there is."""
    if network.project:
        return None
    try:
        _project(bench, network).model_file(work_folder(bench.root) / "data")
    except ModelError as error:
        return str(error)
    return None


def _measure(bench: Bench, network: Network, array: Array) -> dict:
    on_array, size = bench.with_array(*array), array[0]
    if network.project:
        structure = networks.BY_NAME[network.project]
        precision = network.precision
        measured = networks.measure(on_array, structure, size, network.name, precision)
        return row(network, array, measured, None)
    project = _project(bench, network)
    measured = on_array.network(project, size, random_weights=False, inputs=INPUTS)
    accuracy = on_array.accuracy(project) | {"rtl": _on_rtl(on_array, network.name, size)}
    return row(network, array, measured, accuracy)


def _on_rtl(bench: Bench, name: str, array_size: int) -> dict[str, int | None]:
    """Return how many samples ran, all with the golden outputs, and how many of them are right."""
    from modelgen.ir.execute import predictions

    golden = bench.program(name, array_size) / "golden"
    labels = golden / "labels.npy"
    if not labels.exists():
        return {"samples": INPUTS, "right": None}
    known = np.load(labels)
    outputs = np.load(golden / "outputs.npy").reshape(len(known), -1)
    return {"samples": len(known), "right": int((predictions(outputs) == known).sum())}


def row(
    network: Network, array: Array, measured: Measurement, accuracy: dict[str, Any] | None
) -> dict:
    """Return the figures of one network on one array."""
    theirs = network.published
    return {
        "name": network.name,
        "values": network.values,
        "port_words": array[1],
        **measured.to_dict(),
        "macs_a_cycle": measured.macs / measured.cycles,
        "goal": network.cycles.get(array),
        "prediction_error": measured.predicted / measured.engine - 1,
        "published": None if theirs is None else theirs.cycles,
        "published_system": None if theirs is None else theirs.name,
        "times_fewer": None if theirs is None else theirs.cycles / measured.cycles,
        "accuracy": accuracy,
    }


def _together(rows: Sequence[dict]) -> list[dict]:
    """Return the sum of the four INT8 models' cycles on each array that all were measured on."""
    found = []
    for array in dict.fromkeys(map(_array, rows)):
        on_array = {row["name"]: row["cycles"] for row in rows if _array(row) == array}
        if all(network.name in on_array for network in INT8):
            cycles = sum(on_array[network.name] for network in INT8)
            goal = TOGETHER_GOAL if array == TOGETHER_ON else None
            sizes = dict(zip(("array_size", "port_words"), array, strict=True))
            theirs = published.TOGETHER.cycles
            found.append({**sizes, "cycles": cycles, "goal": goal, "published": theirs})
    return found


def _array(row: dict) -> Array:
    return row["array_size"], row["port_words"]


def missed(figures: dict) -> list[str]:
    """Return the goals that were missed, in words."""
    rows = [{**row, "name": "all four together"} for row in figures["together"]]
    lines = [line for row in (*figures["networks"], *rows) for line in _above_goal(row)]
    return lines + [line for row in figures["networks"] for line in _wrong_prediction(row)]


def _above_goal(row: dict) -> Iterator[str]:
    if row["goal"] is not None and row["cycles"] > row["goal"]:
        yield f"{_heading(row)}: {row['cycles']:,} cycles, at most {row['goal']:,}"


def _wrong_prediction(row: dict) -> Iterator[str]:
    if abs(row["prediction_error"]) > networks.PREDICTION_GOAL:
        yield (
            f"{_heading(row)}: the cost model is {row['prediction_error']:+.1%} off the engine's "
            f"cycles; at most {networks.PREDICTION_GOAL:.0%} is allowed"
        )


def _heading(row: dict) -> str:
    return f"{row['name']} at S = {row['array_size']}, P = {row['port_words']}"


def show(figures: dict) -> None:
    """Print the tables."""
    mlperf_tables.show(figures)
