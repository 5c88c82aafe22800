"""What a layer's cycles went to: useful work, an array not filled, each kind of waiting."""

from __future__ import annotations

from typing import NamedTuple


class Cause(NamedTuple):
    """A part of a layer's cycles."""

    key: str
    name: str
    """For pages."""
    short: str
    """For tables on a terminal."""
    meaning: str


WAITS = (
    Cause("wait_weights", "weights", "weights", "waiting for the weights of the next tile"),
    Cause("wait_activations", "activations", "activ.", "waiting for activations to be loaded"),
    Cause("wait_accumulator", "accumulator", "accum.", "the sum to add to was still being added"),
    Cause("wait_store", "store path", "store", "waiting for results to be stored"),
    Cause("wait_descriptor", "descriptors", "descr.", "waiting for a descriptor"),
)
"""The waits of the engine's counters."""

FILLED = Cause("filled", "array at work", "", "multiply-accumulates of the whole array")
UNFILLED = Cause(
    "unfilled",
    "array not filled",
    "unfill.",
    "the array works, but some of its rows or columns have nothing to do",
)
CPU = Cause("cpu", "CPU", "", "work of the CPU")
LOSSES = (UNFILLED, *WAITS)
CAUSES = (FILLED, *LOSSES, CPU)


def parts(layer: dict, array_size: int) -> dict[str, float]:
    """A layer's cycles by cause, in the order of CAUSES; together they are its cycles.

    `layer` is one of a report. Cycles with the array at work are filled as far as its
    multiply-accumulates take all of the array; the rest of them are unfilled. Layers without any
    (pooling, additions) pass the array by: there is nothing to fill.
    """
    cycles = layer["cycles"] or 0.0
    counters = layer["counters"]
    if not counters:
        return {"cpu": cycles}
    busy = counters["busy"]
    filled = min(layer["macs"] / array_size**2, busy) if layer["macs"] else busy
    found = {"filled": filled, "unfilled": busy - filled}
    found |= {wait.key: counters[wait.key] for wait in WAITS}
    # The engine names every cycle; software in its place counts cycles alone.
    return found | {"cpu": round(cycles - sum(found.values()), 3)}


def lost(report: dict) -> list[Cause]:
    """The losses that some layer has."""
    array_size = report["hardware"]["engine"]["array_size"]
    found = [parts(layer, array_size) for layer in report["layers"]]
    return [cause for cause in LOSSES if any(each.get(cause.key, 0) >= 0.5 for each in found)]
