"""Sends a project's application to a board, runs it there, and checks every output."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from flows.config import Config
from flows.errors import HeepstorError
from flows.serial import image, protocol, session
from flows.serial.link import Link, NoAnswer
from flows.serial.loader import Sent
from flows.simulate import simulation
from flows.simulate.device_log import LogReader
from flows.terminal.progress import Progress

LOG = "uart.log"
RESULT = "board.json"
_SHOWN_LINES = 15
_INCOMPLETE = (
    "part of what the program printed was lost on the serial line, although it was sent again and "
    "again: try again; a lower uart.baud helps on a bad line."
)


class _Output:
    """What the program prints: kept, read as a report, and shown."""

    def __init__(self, progress: Progress) -> None:
        self.lines: list[str] = []
        self.reader = LogReader()
        self._progress = progress

    def take(self, line: str) -> None:
        self.lines.append(line)
        if not self.reader.read(line):
            self._progress.note(line)


def run(
    port: str,
    config: Config,
    firmware: Path,
    model: Path,
    simulator: Path | None,
    out: Path,
    progress: Progress,
) -> dict:
    """Loads and runs a firmware on the board at `port`; returns what was found, for programs.

    `model` is the folder of the generate stage, `simulator` the program for a simulated board. The
    program's output and the result are left in `out`. Raises HeepstorError if the board is not
    there or not the right one, the program fails, or any output is not what it must be.
    """
    for name in (LOG, RESULT):
        (out / name).unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    output = _Output(progress)
    with session.opened(port, config, simulator) as link:
        progress.show(f"asking {link.name}")
        sent, number = _load(link, port, config, firmware, output, progress)
        try:
            code = await_end(link, number, session.patience(port).silence, out / LOG)
        finally:
            (out / LOG).write_text("\n".join([*output.lines, link.text.rest()]) + "\n")
    _check_end(code, link, output)
    result = _result(port, config, sent, simulation.check(output.reader.log, model))
    (out / RESULT).write_text(json.dumps(result, indent=1) + "\n")
    return result


def _load(
    link: Link, port: str, config: Config, firmware: Path, output: _Output, progress: Progress
) -> tuple[Sent, int]:
    """Loads the program; what it prints from its start on is taken as its output."""
    program = image.read(firmware)

    def on_start() -> None:
        progress.show("running on the board")
        link.on_text = output.take

    return session.load(link, port, config, program, progress, on_start)


def await_end(link: Link, number: int, silence: float | None, log: Path) -> int:
    """The exit code, which the loader reports when session `number` has come back to it."""
    try:
        end = link.await_hello(silence)
    except NoAnswer:
        raise HeepstorError(
            f"the program on {link.name} has printed nothing for {silence:g} s and has not ended. "
            f"What it printed is in {log}. {session.RESET}"
        ) from None
    if end.role != protocol.LOADER or not end.exited or end.session != number:
        raise HeepstorError(f"the board on {link.name} was reset while the program ran.")
    return end.exit_code


def _check_end(code: int, link: Link, output: _Output) -> None:
    if link.text.is_incomplete:
        raise HeepstorError(_INCOMPLETE)
    # The firmware's own check fails with the values that the checks here explain better.
    if code != 0 and not output.reader.log.mismatches:
        tail = "\n".join("  | " + line for line in output.lines[-_SHOWN_LINES:])
        raise HeepstorError(f"the program failed (exit code {code}). Its last lines:\n{tail}")


def _result(port: str, config: Config, sent: Sent, checked: dict) -> dict:
    return {
        "port": port,
        "configuration": config.hash,
        "hardware": session.describe(config),
        "clock_hz": config.clock_hz,
        **asdict(sent),
        **checked,
    }
