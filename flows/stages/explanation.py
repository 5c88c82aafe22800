"""The option --explain of the task `build`: which layer differs from the original, and how much."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.errors import HeepstorError
from flows.repository import projects, work_folder
from flows.stages.options import Options
from flows.stages.pipeline import Pipeline
from flows.stages.run import run as run_stage
from flows.terminal.progress import Progress
from flows.units import count

if TYPE_CHECKING:
    from flows.terminal.progress import Terminal

MUST_BE_EQUAL = "must be equal"
"""What is said of values that are those of the original in every bit, or there is a bug."""


def run(root: Path, options: Options, terminal: Terminal) -> dict[str, Any]:
    """Compare each layer with the original; return the result for JSON, under "explanation".

    Raises HeepstorError, with the first layer that differs, if a model has to be equal and is not.
    """
    from modelgen import stages

    result = run_stage(root, options, "export", terminal)
    project = projects.find(root, options.place, options.build_dir)
    export = Pipeline(root, options, Progress).export.folder
    data = work_folder(root) / "data"
    with terminal.progress("explain"):
        found = stages.explain(project.place, export, data, options.precision)
    show(found, terminal)
    if found["first_that_differs"] and found["rule"] == MUST_BE_EQUAL:
        raise HeepstorError(
            f"layer {found['first_that_differs']!r} is the first that differs from "
            f"{found['origin']}: this is a bug in HEEPstor; please report it."
        )
    return {**result, "explanation": found}


def show(found: dict[str, Any], terminal: Terminal) -> None:
    """Print the table of layers."""
    from rich.table import Table

    from flows.terminal.tables import console

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("layer", "operator"):
        table.add_column(heading)
    for heading in ("values", "differing", "largest", "SQNR"):
        table.add_column(heading, justify="right")
    for layer in found["layers"]:
        table.add_row(layer["name"], layer["operator"], count(layer["values"]), *_cells(layer))
    out = console(None, terminal.stream)
    out.print()
    out.print(table)
    inferences = f"{found['inferences']} inferences"
    out.print(f"Compared with {found['origin']}, {inferences}; values {found['rule']}.")
    if found["first_that_differs"]:
        out.print(f"The first that differs is {found['first_that_differs']}.")


def _cells(layer: dict[str, Any]) -> tuple[str, ...]:
    if layer["differing"] is None:
        return "not in the original", "", ""
    noise = "" if layer["sqnr"] is None else f"{layer['sqnr']:.1f} dB"
    return count(layer["differing"]), f"{layer['largest']:.3g}", noise
