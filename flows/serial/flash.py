"""Sending a project's application to a board, running it there, and checking every output."""

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
    "part of what the program printed was lost on the serial line in spite of repetitions. Try "
    "again; a lower uart.baud helps on a bad line."
)


class _Output:
    """The program's output: keeps it, parses the report in it, and shows it."""

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
    """Load and run firmware on the board at `port`; return the result for JSON.

    `model` is the folder of the generate stage, `simulator` the program for a simulated board. The
    program's output and the result are written to `out`. Raises HeepstorError if the board is
    missing or the wrong one, the program fails, or any output is wrong.
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
    """Load and start the program, and begin to collect its output."""
    program = image.read(firmware)

    def on_start() -> None:
        progress.show("running on the board")
        link.on_text = output.take

    return session.load(link, port, config, program, progress, on_start)


def await_end(link: Link, number: int, silence: float | None, log: Path) -> int:
    """Wait until session `number` returns to the loader; return the exit code it reports."""
    try:
        end = link.await_hello(silence)
    except NoAnswer:
        raise HeepstorError(
            f"the program on {link.name} has printed nothing for {silence:g} s and has not ended. "
            f"What it printed is in {log}. {session.RESET}"
        ) from None
    if end.role != protocol.LOADER or not end.exited or end.session != number:
        raise HeepstorError(f"the board on {link.name} was reset while the program was running.")
    return end.exit_code


def _check_end(code: int, link: Link, output: _Output) -> None:
    if link.text.is_incomplete:
        raise HeepstorError(_INCOMPLETE)
    # The firmware's own check fails on the same values, but the checks here explain them better.
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
