"""What a layer's cycles were spent on: useful work, an underutilized array, each kind of wait."""

from __future__ import annotations

from typing import NamedTuple


class Cause(NamedTuple):
    """A part of a layer's cycles."""

    key: str
    name: str
    """Name on pages."""
    short: str
    """Name in tables on a terminal."""
    meaning: str


WAITS = (
    Cause("wait_weights", "weights", "weights", "waiting for the weights of the next tile"),
    Cause("wait_activations", "activations", "activ.", "waiting for activations to be loaded"),
    Cause(
        "wait_accumulator",
        "accumulator",
        "accum.",
        "waiting for the accumulator to add to",
    ),
    Cause("wait_store", "store path", "store", "waiting for results to be stored"),
    Cause("wait_descriptor", "descriptors", "descr.", "waiting for a descriptor"),
)
"""The waits that the engine counts."""

UTILIZED = Cause("utilized", "array at work", "", "multiply-accumulates of the whole array")
UNDERUTILIZED = Cause(
    "underutilized",
    "array underutilized",
    "underut.",
    "the array works, but some of its rows or columns have nothing to do",
)
CPU = Cause("cpu", "CPU", "", "the CPU working")
LOSSES = (UNDERUTILIZED, *WAITS)
CAUSES = (UTILIZED, *LOSSES, CPU)


def array_limit(layer: dict) -> float:
    """Return the cycles that a layer's MACs would take on a fully used array."""
    return layer["macs"] / layer["macs_per_cycle"]


def parts(layer: dict) -> dict[str, float]:
    """Return a layer's cycles by cause, in the order of CAUSES; they add up to its cycles.

    `layer` is from a report. Of the cycles with the array at work, the utilized ones are those
    that its multiply-accumulates would take on a fully used array; the rest are underutilized.
    Layers without multiply-accumulates (pooling, additions) bypass the array, so that it cannot
    be underutilized.
    """
    cycles = layer["cycles"] or 0.0
    counters = layer["counters"]
    if not counters:
        return {"cpu": cycles}
    busy = counters["busy"]
    utilized = min(array_limit(layer), busy) if layer["macs"] else busy
    found = {"utilized": utilized, "underutilized": busy - utilized}
    found |= {wait.key: counters[wait.key] for wait in WAITS}
    # The engine accounts for every cycle; the software engine reports only the total.
    return found | {"cpu": round(cycles - sum(found.values()), 3)}


def lost(report: dict) -> list[Cause]:
    """Return the causes of lost cycles that occur in any layer."""
    found = [parts(layer) for layer in report["layers"]]
    return [cause for cause in LOSSES if any(each.get(cause.key, 0) >= 0.5 for each in found)]
