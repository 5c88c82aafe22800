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
    "",
    "the array works, but some of its rows or columns have nothing to do",
)
CPU = Cause("cpu", "CPU", "", "work of the CPU")
CAUSES = (FILLED, UNFILLED, *WAITS, CPU)


def parts(layer: dict, array_size: int) -> dict[str, float]:
    """A layer's cycles by cause, in the order of CAUSES; together they are its cycles.

    `layer` is one of a report. Cycles with the array at work are filled as far as its
    multiply-accumulates take all of the array; the rest of them are unfilled.
    """
    cycles = layer["cycles"] or 0.0
    counters = layer["counters"]
    if not counters:
        return {"cpu": cycles}
    filled = min(layer["macs"] / array_size**2, counters["busy"])
    found = {"filled": filled, "unfilled": counters["busy"] - filled}
    return found | {wait.key: counters[wait.key] for wait in WAITS}
