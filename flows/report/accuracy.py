"""The accuracy table: float model, quantized model, and the simulated sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from flows.units import count, difference, percent
from modelgen.agreement import RUNTIMES

if TYPE_CHECKING:
    from flows.terminal.progress import Terminal

ACCURACY = "accuracy.json"
UNKNOWN = "unknown"


def read(folder: Path) -> dict:
    """Read what the stage quantize measured from its folder."""
    return json.loads((folder / ACCURACY).read_text())


def is_random(report: dict) -> bool:
    """Return whether the weights are random, so that accuracies are meaningless."""
    return report["origin"]["weights"] == "random"


def heading(accuracy: dict) -> str:
    """Return the heading of the last column: correct predictions, or the project's own metric."""
    return accuracy["metric"]["name"] if accuracy["metric"] else "correct"


def rows(accuracy: dict, simulated: dict | None = None) -> list[tuple[str, str, str, str]]:
    """Return rows of model, data, inputs, and share of correct predictions or own metric.

    `simulated` is a report, for a row with the inputs that ran on the RTL.
    """
    whole = (accuracy["data"], count(accuracy["samples"]))
    if metric := accuracy["metric"]:
        names = _names(accuracy)
        pairs = zip(names, ("float", "quantized"), strict=True)
        return [(name, *whole, f"{metric[model]:.4g}") for name, model in pairs]
    pairs = zip(_names(accuracy), ("float", "quantized"), strict=True)
    found = [(name, *whole, percent(accuracy[model]) or UNKNOWN) for name, model in pairs]
    if simulated and simulated["predictions"]:
        right = simulated["predictions"]["equal_to_labels"]
        share = UNKNOWN if right is None else percent(right / simulated["inputs"])
        found.append(("simulated (RTL)", "first inputs", count(simulated["inputs"]), share))
    return found


def _names(accuracy: dict) -> tuple[str, str]:
    """Return what the original model ran in, and what the compiled one is called."""
    if runtime := accuracy["runtime"]:
        return runtime, "compiled"
    place = "integers" if accuracy.get("comparison") else "PyTorch"
    return "float (PyTorch)", f"quantized ({place})"


def precisions(accuracy: dict, simulated: dict | None = None) -> list[tuple[str, ...]]:
    """Return rows of activations, weights, correct and unchanged predictions, and signal to noise.

    There are none unless the network was compared in several precisions. `simulated` is a report,
    for a row with the inputs that ran on the RTL.
    """
    compared = accuracy.get("comparison")
    if not compared:
        return []
    variants = [
        (
            row["activations"].upper(),
            row["weights"].upper(),
            *_shares(row["accuracy"], row["same_prediction"]),
            f"{row['signal_to_noise']:.1f} dB",
        )
        for row in compared["variants"]
    ]
    first = "FP32", "FP32", *_shares(accuracy["float"], 1.0), ""
    whole = _shares(accuracy["quantized"], accuracy["same_prediction"])
    found: list[tuple[str, ...]] = [first, *variants, ("as compiled", "", *whole, "")]
    if simulated and simulated["predictions"]:
        inputs, right = simulated["inputs"], simulated["predictions"]
        known = right["equal_to_labels"] is not None
        correct = right["equal_to_labels"] / inputs if known else None
        shares = _shares(correct, right["equal_to_module"] / inputs)
        found.append(("simulated (RTL)", f"{count(inputs)} inputs", *shares, ""))
    return found


def _shares(correct: float | None, same: float | None) -> tuple[str, str]:
    return percent(correct) or UNKNOWN, percent(same) or UNKNOWN


PRECISIONS = ("activations", "weights", "correct", "same prediction", "signal to noise")
"""The headings of `precisions`."""


def table(accuracy: dict, simulated: dict | None = None):
    """Return the table for a terminal."""
    from rich.table import Table

    result = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("model" if accuracy["metric"] else "accuracy of", "data"):
        result.add_column(name)
    for name in ("inputs", heading(accuracy)):
        result.add_column(name, justify="right")
    for row in rows(accuracy, simulated):
        result.add_row(*row)
    return result


def original(report: dict) -> str:
    """Return what the outputs of a build are compared with."""
    return report["accuracy"]["runtime"] or "the PyTorch module"


def compared(result: dict) -> str:
    """Return how checked outputs compare with the reference and PyTorch, in words.

    `result` is from `flows.simulate.simulation.check`, for a project, or a report.
    """
    if result["contract"] in RUNTIMES:
        return f"equal to the reference and to the runtime, bit for bit: {result['contract']}"
    if result["contract"] != "fp32":
        largest = difference(result["module_difference"])
        unit = " steps" if result["element"] == "int8" else ""
        rest = f"largest difference from the original {largest}{unit}"
        return f"equal to the reference bit for bit; {rest}"
    quantized, module = (
        difference(result[name]) for name in ("quantized_difference", "module_difference")
    )
    return (
        "equal to the reference bit for bit; largest difference from the quantized network\n"
        f"             in PyTorch {quantized}, from the original module {module}"
    )


def show(accuracy: dict, terminal: Terminal) -> None:
    """Print the table for the stage quantize."""
    from flows.terminal.tables import console

    out = console(None, terminal.stream)
    out.print()
    out.print(table(accuracy))
    if accuracy["same_prediction"] is not None:
        print(f"Same prediction: {percent(accuracy['same_prediction'])}", file=terminal.stream)
    if precisions(accuracy):
        out.print()
        out.print(table_of_precisions(accuracy))


def table_of_precisions(accuracy: dict, simulated: dict | None = None):
    """Return the table of `precisions` for a terminal."""
    from rich.table import Table

    result = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, name in enumerate(PRECISIONS):
        result.add_column(name, justify="left" if number < 2 else "right")
    for row in precisions(accuracy, simulated):
        result.add_row(*row)
    return result
