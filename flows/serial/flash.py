"""Sends a project's application to a board, runs it there, and checks every output."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from flows import simulate
from flows.config import Config
from flows.device_log import LogReader
from flows.errors import HeepstorError
from flows.progress import Progress
from flows.serial import image, protocol, session
from flows.serial.link import Link, NoAnswer
from flows.serial.loader import Sent

LOG = "uart.log"
RESULT = "board.json"
_SHOWN_LINES = 15
_ENDED_WELL = (
    "The program itself found all its outputs right (exit code 0). Perhaps the serial line has "
    "damaged what it printed: try again; a lower uart.baud helps a bad line."
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
    ignored: list[str] = []
    with session.opened(port, config, simulator, ignored.append) as link:
        progress.show(f"asking {link.name}")
        sent = _load(link, port, config, firmware, output, progress)
        try:
            code = await_end(link, session.patience(port).silence, out / LOG)
        finally:
            (out / LOG).write_text("\n".join([*output.lines, link.rest()]) + "\n")
    _check_end(code, output)
    result = _result(port, config, sent, _checked(code, output, model))
    (out / RESULT).write_text(json.dumps(result, indent=1) + "\n")
    return result


def _load(
    link: Link, port: str, config: Config, firmware: Path, output: _Output, progress: Progress
) -> Sent:
    """Loads the program; what it prints from its start on is taken as its output."""
    program = image.read(firmware)

    def on_start() -> None:
        progress.show("running on the board")
        link.on_text = output.take

    return session.load(link, port, config, program, progress, on_start)


def await_end(link: Link, silence: float | None, log: Path) -> int:
    """The exit code, which the loader reports when the program has come back to it."""
    try:
        end = link.await_hello(silence)
    except NoAnswer:
        raise HeepstorError(
            f"the program on {link.name} has printed nothing for {silence:g} s and has not ended. "
            f"What it printed is in {log}. {session.RESET}"
        ) from None
    if end.role != protocol.LOADER or not end.exited:
        raise HeepstorError(f"the board on {link.name} was reset while the program ran.")
    return end.exit_code


def _check_end(code: int, output: _Output) -> None:
    # The firmware's own check fails with the values that the checks here explain better.
    if code != 0 and not output.reader.log.mismatches:
        tail = "\n".join("  | " + line for line in output.lines[-_SHOWN_LINES:])
        raise HeepstorError(f"the program failed (exit code {code}). Its last lines:\n{tail}")


def _checked(code: int, output: _Output, model: Path) -> dict:
    try:
        return simulate.check(output.reader.log, model)
    except HeepstorError as error:
        if code != 0:
            raise
        raise HeepstorError(f"{error}\n{_ENDED_WELL}") from error


def _result(port: str, config: Config, sent: Sent, checked: dict) -> dict:
    return {
        "port": port,
        "configuration": config.hash,
        "hardware": session.describe(config),
        "clock_hz": config.clock_hz,
        **asdict(sent),
        **checked,
    }
