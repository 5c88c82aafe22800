"""`heepstor program`: load a bitstream with Vivado's hardware manager or openFPGALoader."""

from __future__ import annotations

import shutil
from pathlib import Path

from flows import config
from flows.config.boards import Board
from flows.errors import HeepstorError
from flows.fpga import project, record, vivado
from flows.system import tools as system_tools
from flows.system.locks import file_lock
from flows.system.processes import run_lines
from flows.terminal.progress import Progress, Terminal

TOOLS = ("vivado", "openfpgaloader")
_SHOWN_LINES = 15


def run(
    root: Path,
    board: Board,
    config_path: Path,
    bitstream: Path | None,
    tool: str,
    terminal: Terminal,
) -> dict[str, str]:
    """Program a board; return what was programmed, and with what, for JSON.

    `bitstream` is a file built elsewhere, with its record next to it; without it, the current one
    is found, or built if the tools are there. Raises HeepstorError if the bitstream does not match
    the current sources and configuration, or if the board does not accept it.
    """
    programmer = _programmer(board, tool)
    configuration = config.load(config_path).hash
    work = project.folder(root, board, configuration)
    lock = work.with_name(f".{work.name}.lock")
    with (
        terminal.progress("program") as progress,
        file_lock(lock, lambda holder: progress.note(f"waiting for {holder}")),
    ):
        project.set_up(root, board, config_path, work, progress)
        if bitstream is None:
            bitstream = _current(root, board, config_path, work, progress)
        else:
            _require_current(work, bitstream)
        progress.show(f"{programmer[0]}: {bitstream.name}")
        _program(board, programmer, work, bitstream)
    terminal.line("program", f"{board.title}: {bitstream} by {programmer[0]}")
    return {
        "board": board.name,
        "configuration": configuration,
        "bitstream": str(bitstream),
        "programmer": programmer[0],
    }


def _programmer(board: Board, tool: str) -> tuple[str, Path]:
    """Return name and path of the program to use: the requested one, or the first one found."""
    if tool not in ("", *TOOLS):
        raise HeepstorError(f"--tool is {tool!r}. Valid choices: {', '.join(TOOLS)}.")
    able = TOOLS if board.vivado_part else ("openfpgaloader",)
    wanted = [name for name in able if tool in ("", name)]
    if not wanted:
        raise HeepstorError(f"{tool} does not program the {board.title}: leave --tool out.")
    for name in wanted:
        if found := _find(name):
            return name, found
    raise HeepstorError(_missing(wanted))


def _find(name: str) -> Path | None:
    if name == "vivado":
        return vivado.find()
    path = shutil.which("openFPGALoader")
    return Path(path) if path else None


def _missing(wanted: list[str]) -> str:
    """Return what to do if none of the suitable programs is installed."""
    install = system_tools.install_command(system_tools.same_name("openfpgaloader"))
    lines = {
        "vivado": vivado.describe_missing(),
        "openfpgaloader": "openFPGALoader is missing. It programs boards without Vivado.\n"
        f"Install: {install or 'https://trabucayre.github.io/openFPGALoader'}",
    }
    headline = "no tool for programming the board was found.\n"
    return headline + "\n".join(lines[name] for name in wanted)


def _current(root: Path, board: Board, config_path: Path, work: Path, progress: Progress) -> Path:
    """Return the bitstream of the current sources, building it if necessary."""
    if found := project.bitstream(root, board, work):
        return found
    reason = record.why_stale(work)
    if board.vivado_part and vivado.find() is None:
        raise HeepstorError(
            f"there is no current bitstream for the {board.title}: in {work}, {reason}.\n"
            f"{vivado.describe_missing()}\n"
            "Or build it on another computer (fusesoc run --target "
            f"{board.name} heepstor) and pass it with --bitstream FILE; its record "
            "FILE.json must be next to it."
        )
    progress.note(f"building the bitstream ({reason}); this takes a while")
    return project.build(root, board, config_path, work, progress)


def _require_current(work: Path, bitstream: Path) -> None:
    if not bitstream.is_file():
        raise HeepstorError(f"{bitstream} is not a file; --bitstream takes a bitstream.")
    if reason := record.why_stale(work, bitstream):
        raise HeepstorError(
            f"{bitstream} is not programmed: it does not match these sources and this "
            f"configuration ({reason}).\nBuild it again from the same sources, or select the "
            "configuration it was built for with --config or --set."
        )


def _program(board: Board, programmer: tuple[str, Path], work: Path, bitstream: Path) -> None:
    name, program = programmer
    if name == "vivado":
        command = [str(program), "-quiet", "-nolog", "-nojournal", "-notrace", "-mode", "batch"]
        command += ["-source", f"{record.project(work)}_pgm.tcl"]
        command += ["-tclargs", board.vivado_part, str(bitstream.resolve())]
    else:
        command = [str(program), *board.openfpgaloader, str(bitstream.resolve())]
    printed: list[str] = []
    if code := run_lines(command, printed.append, cwd=work):
        shown = "\n".join(f"  | {line}" for line in printed[-_SHOWN_LINES:])
        raise HeepstorError(
            f"the {board.title} was not programmed; {name} failed (exit code {code}):\n{shown}\n"
            f"{board.connection}"
        )
