"""The host suite: how long `heepstor build` takes.

The hardware is built and the model trained beforehand; then the project's results are removed and
all stages run again: export, quantize, generate, firmware, simulate, report.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from flows.bench.runner import Bench
from flows.bench.tables import figures_table
from flows.errors import HeepstorError
from flows.repository import projects
from flows.stages import cleaning
from flows.system.processes import run_lines
from flows.terminal.tables import console

PROJECT = "cifar10-conv2d"
SECONDS_GOAL = 15.0


def run(bench: Bench) -> dict:
    """Measure the build, after training the model and building the hardware if necessary."""
    bench.terminal.line("build", f"{PROJECT}: building the hardware and training, if necessary")
    _build(bench.root, bench.config_path)
    cleaning.remove(bench.root, projects.find(bench.root, PROJECT), bench.terminal.note)
    started = time.monotonic()
    _build(bench.root, bench.config_path)
    return {"builds": [{"project": PROJECT, "seconds": time.monotonic() - started}]}


def _build(root: Path, config_path: Path) -> None:
    command = [sys.executable, "-m", "invoke", "build", "--project", PROJECT]
    command += ["--config", str(config_path)]
    printed: list[str] = []
    if run_lines(command, printed.append, cwd=root):
        end = "\n".join(printed[-15:])
        raise HeepstorError(f"{' '.join(command)} failed:\n{end}")


def missed(figures: dict) -> list[str]:
    """Return the goals that were missed, in words."""
    return [
        f"build of {row['project']}: {row['seconds']:.1f} s, at most {SECONDS_GOAL:.0f} s"
        for row in figures["builds"]
        if row["seconds"] > SECONDS_GOAL
    ]


def show(figures: dict) -> None:
    """Print the table."""
    table = figures_table(
        "heepstor build; hardware already built, model trained", ("project", "seconds", "goal")
    )
    for row in figures["builds"]:
        table.add_row(row["project"], f"{row['seconds']:.1f}", f"{SECONDS_GOAL:.0f}")
    console().print(table)
