"""A debugging session: the simulator or a board, OpenOCD, and GDB in the foreground."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from flows.debug import background, tools
from flows.debug.background import Background
from flows.errors import HeepstorError
from flows.repository import COMMAND, shown
from flows.simulate import hardware
from flows.stages.options import Options
from flows.stages.pipeline import Pipeline
from flows.stages.run import run as run_stages
from flows.system.processes import run_foreground
from flows.terminal.arguments import user_path
from flows.terminal.progress import Progress, Terminal

SIMULATOR = "sim"
ZCU104 = "zcu104"
CONFIGURATIONS = Path(__file__).resolve().parent / "openocd"
UART_LOG = "uart.log"

_START_SECONDS = 60
_LISTENING = r"Listening on port (\d+) for gdb"
_BOARD_HINT = (
    f"Is the board on, programmed ({COMMAND} program) and connected by USB? Is this user allowed "
    "to open the USB device (OpenOCD's udev rules)?"
)


@dataclass(frozen=True)
class _Target:
    """What OpenOCD connects to."""

    arguments: tuple[str, ...]
    """OpenOCD's."""
    is_loaded: bool
    """Whether the program is already in memory."""
    hint: str
    """What to check if there is no answer."""


def run(root: Path, options: Options, port: str, commands: str, terminal: Terminal) -> int:
    """Build the application and open GDB on it; return GDB's exit code.

    `port` is "sim", "zcu104" or an OpenOCD configuration file for an adapter at the pins. With
    `commands`, a file of GDB commands, GDB runs these and exits.
    """
    _check_port(port)
    script = _script(commands)
    found = tools.find()
    run_stages(root, options, "firmware", terminal)
    if port == SIMULATOR:
        run_stages(root, options, "hardware", terminal)
    stages = Pipeline(root, options, Progress)
    out = stages.build / "debug"
    out.mkdir(parents=True, exist_ok=True)
    _say(terminal, port, shown(root, out))
    return attach(
        found,
        port,
        stages.hardware.folder / hardware.SIMULATOR if port == SIMULATOR else None,
        stages.firmware.folder / "firmware.elf",
        (stages.generate.folder, root),
        script,
        out,
    )


def attach(
    found: tools.Tools,
    port: str,
    simulator: Path | None,
    elf: Path,
    sources: Sequence[Path],
    script: Path | None,
    out: Path,
) -> int:
    """Start the target and OpenOCD, then run GDB on a program; return GDB's exit code.

    `sources` are the folders that the program's source names are relative to. Logs are written to
    `out`.
    """
    with _target(port, simulator, elf, out) as target, _openocd(found, target, out) as server:
        gdb_port = int(server.wait_for(_LISTENING, 1)[1])
        folders = [f"--directory={folder}" for folder in sources]
        arguments = gdb_arguments(gdb_port, elf, target.is_loaded, script)
        return _gdb([found.gdb, *folders, *arguments])


def _check_port(port: str) -> None:
    if port not in (SIMULATOR, ZCU104) and not user_path(port).is_file():
        raise HeepstorError(
            f"--port is {port!r}; expected {SIMULATOR} (the simulator), {ZCU104} (the board, over "
            "USB), or an OpenOCD configuration file for your adapter at the JTAG pins."
        )


def _script(commands: str) -> Path | None:
    if not commands:
        return None
    path = user_path(commands)
    if not path.is_file():
        raise HeepstorError(f"{path} is not a file; --commands takes a file of GDB commands.")
    return path


@contextlib.contextmanager
def _target(port: str, simulator: Path | None, elf: Path, out: Path) -> Iterator[_Target]:
    """Yield what to debug; run the simulator, if it is that, for the duration of the context."""
    if port == ZCU104:
        yield _Target(("-f", str(CONFIGURATIONS / "zcu104.cfg")), False, _BOARD_HINT)
        return
    if simulator is None:
        adapter = ("-f", str(user_path(port)), "-f", str(CONFIGURATIONS / "pins.cfg"))
        yield _Target(adapter, False, "Are the adapter and the pins connected, and the board on?")
        return
    # The boot ROM waits for the serial line, so the program is in memory but has not run.
    command: list[str | Path] = [simulator, f"--firmware={elf}", "--boot=loader", "--jtag=0"]
    with background.running("the simulator", command, out / "simulator.log", out / UART_LOG) as soc:
        number = soc.wait_for(r"JTAG on port (\d+)", _START_SECONDS)[1]
        file = str(CONFIGURATIONS / "simulator.cfg")
        yield _Target(("-c", f"set HEEPSTOR_JTAG_PORT {number}", "-f", file), True, "")


@contextlib.contextmanager
def _openocd(found: tools.Tools, target: _Target, out: Path) -> Iterator[Background]:
    """Yield OpenOCD once it has found the CPU."""
    # Any free port for GDB; no other servers.
    ports = ("-c", "gdb_port 0", "-c", "telnet_port disabled", "-c", "tcl_port disabled")
    # Otherwise OpenOCD would hold the adapter if nothing was left to end it.
    end = ("-c", "heepstor.cpu configure -event gdb-detach shutdown")
    command = [found.openocd, *ports, *target.arguments, *end, "-c", "init"]
    log = out / "openocd.log"
    with background.running("OpenOCD", command, log) as server:
        server.wait_for(_LISTENING, _START_SECONDS, target.hint)
        yield server


def gdb_arguments(port: int, elf: Path, is_loaded: bool, script: Path | None) -> list[str]:
    """Return GDB's arguments: reset the SoC, load the program, and stop at its entry point."""
    with elf.open("rb") as file:
        entry = ELFFile(file).header.e_entry
    commands = [
        "set confirm off",
        "set remotetimeout 60",
        f"target extended-remote localhost:{port}",
        "monitor reset halt",
        # GDB does not notice the reset.
        "maintenance flush register-cache",
        *([] if is_loaded else ["load"]),
        f"set $pc = {entry:#x}",
        "break heepstor::exit",
    ]
    # An interactive session begins at the user's program.
    commands += [] if script else ["tbreak main", "continue"]
    arguments = ["-q", "-nx", *(["-batch"] if script else []), str(elf)]
    arguments += [part for command in commands for part in ("-ex", command)]
    return arguments + (["-x", str(script)] if script else [])


def _gdb(command: Sequence[str]) -> int:
    """Run GDB in the foreground, where it handles Ctrl-C itself."""
    previous = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return run_foreground(command)
    finally:
        signal.signal(signal.SIGINT, previous)


def _say(terminal: Terminal, port: str, out: Path) -> None:
    serial = f"; the program's output is in {out / UART_LOG}" if port == SIMULATOR else ""
    terminal.note(f"\nOpenOCD's messages are in {out}/openocd.log{serial}")
