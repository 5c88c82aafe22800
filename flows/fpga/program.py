"""`invoke program`: the bitstream to the board, by Vivado's hardware manager or openFPGALoader."""

from __future__ import annotations

import shutil
from pathlib import Path

from flows import config, system_tools
from flows.errors import HeepstorError
from flows.fpga import boards, project, record, vivado
from flows.fpga.boards import Board
from flows.locks import file_lock
from flows.processes import run_lines
from flows.progress import Progress, Terminal

TOOLS = ("vivado", "openfpgaloader")
_SHOWN_LINES = 15


def run(
    root: Path, board: str, config_path: Path, bitstream: Path | None, tool: str, terminal: Terminal
) -> dict[str, str]:
    """Programs a board; returns what was programmed with what, for programs to read.

    `bitstream` is a file made elsewhere, with its record beside it; without it, the current one is
    found, or made where Vivado is. Raises HeepstorError if the bitstream is not of the sources and
    the configuration as they are, or the board does not take it.
    """
    chosen = boards.find(board)
    programmer = _programmer(tool)
    configuration = config.load(config_path).hash
    work = project.folder(root, chosen, configuration)
    lock = work.with_name(f".{work.name}.lock")
    with (
        terminal.progress("program") as progress,
        file_lock(lock, lambda holder: progress.note(f"waiting for {holder}")),
    ):
        project.set_up(root, chosen, config_path, work, progress)
        if bitstream is None:
            bitstream = _current(root, chosen, config_path, work, progress)
        else:
            _require_current(work, bitstream)
        progress.show(f"{programmer[0]}: {bitstream.name}")
        _program(chosen, programmer, work, bitstream)
    terminal.line("program", f"{chosen.title}: {bitstream} by {programmer[0]}")
    return {
        "board": chosen.name,
        "configuration": configuration,
        "bitstream": str(bitstream),
        "programmer": programmer[0],
    }


def _programmer(tool: str) -> tuple[str, Path]:
    """Name and path of the program to use: the one asked for, or the first that is there."""
    if tool not in ("", *TOOLS):
        raise HeepstorError(f"--tool is {tool!r}: it can be {' or '.join(TOOLS)}.")
    if tool != "openfpgaloader" and (found := vivado.find()):
        return "vivado", found
    if tool != "vivado" and (path := shutil.which("openFPGALoader")):
        return "openfpgaloader", Path(path)
    raise HeepstorError(_missing(tool))


def _missing(tool: str) -> str:
    """What to do where the program that was asked for, or any, is missing."""
    install = system_tools.install_command(system_tools.same_name("openfpgaloader"))
    lines = {
        "vivado": vivado.describe_missing(),
        "openfpgaloader": "openFPGALoader is missing: it programs boards without Vivado.\n"
        f"Install: {install or 'https://trabucayre.github.io/openFPGALoader'}",
    }
    wanted = [tool] if tool else list(TOOLS)
    return "nothing here can program a board.\n" + "\n".join(lines[name] for name in wanted)


def _current(root: Path, board: Board, config_path: Path, work: Path, progress: Progress) -> Path:
    """The bitstream of the sources as they are: found, or made."""
    if found := project.bitstream(root, board, work):
        return found
    reason = record.why_stale(work)
    if vivado.find() is None:
        raise HeepstorError(
            f"there is no current bitstream for the {board.title}: in {work}, {reason}.\n"
            f"{vivado.describe_missing()}\n"
            "Or build it on another computer (fusesoc run --target "
            f"{board.name} heepstor) and name it with --bitstream FILE; its record "
            "FILE.json has to lie beside it."
        )
    progress.note(f"building the bitstream ({reason}); this takes a while")
    return project.build(root, board, config_path, work, progress)


def _require_current(work: Path, bitstream: Path) -> None:
    if reason := record.why_stale(work, bitstream):
        raise HeepstorError(
            f"{bitstream} is not programmed: it is not of these sources and this configuration "
            f"({reason}).\nBuild it again from the same sources, or choose the configuration that "
            "it was made for with --config or --set."
        )


def _program(board: Board, programmer: tuple[str, Path], work: Path, bitstream: Path) -> None:
    name, program = programmer
    if name == "vivado":
        command = [str(program), "-quiet", "-nolog", "-nojournal", "-notrace", "-mode", "batch"]
        command += ["-source", f"{record.project(work)}_pgm.tcl"]
        command += ["-tclargs", board.part, str(bitstream.resolve())]
    else:
        command = [str(program), *board.openfpgaloader, str(bitstream.resolve())]
    printed: list[str] = []
    if code := run_lines(command, printed.append, cwd=work):
        shown = "\n".join(f"  | {line}" for line in printed[-_SHOWN_LINES:])
        raise HeepstorError(
            f"the {board.title} was not programmed; {name} ended with {code}:\n{shown}\n"
            f"{board.connection}"
        )
