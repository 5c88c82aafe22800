"""The simulator in a board's place: its serial line is a pseudo-terminal."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import serial

from flows.errors import HeepstorError
from flows.serial.port import open_port
from flows.simulate import MAX_CYCLES

# A pseudo-terminal takes any, and ignores it.
_BAUD = 115200
_START_SECONDS = 30


class Simulator:
    """A running simulator; `port` is the other end of its serial line."""

    def __init__(self, process: subprocess.Popen, port: serial.Serial, log: Path) -> None:
        self.port = port
        self._process = process
        self._log = log

    def check(self) -> None:
        """Raises HeepstorError with its messages if the simulator has ended."""
        _check(self._process, self._log)

    def stop(self) -> None:
        """Ends it, as if the board was switched off."""
        _end(self._process)


@contextlib.contextmanager
def started(program: Path) -> Iterator[Simulator]:
    """Starts a simulator whose boot ROM waits for a program, and ends it when it is left."""
    with tempfile.TemporaryDirectory(prefix="heepstor-") as folder:
        link, log = Path(folder) / "board", Path(folder) / "messages"
        command = [program, "--boot=loader", f"--uart-pty={link}", f"--max-cycles={MAX_CYCLES}"]
        with log.open("wb") as messages:
            process = _start(command, messages)
            try:
                _await(link, process, log)
                with open_port(str(link), _BAUD) as port:
                    yield Simulator(process, port, log)
            finally:
                _end(process)


def _start(command: list, messages) -> subprocess.Popen:
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages)
    except OSError as error:
        raise HeepstorError(f"{command[0]} cannot be started: {error.strerror}.") from error


def _await(link: Path, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not link.exists():
        _check(process, log)
        if time.monotonic() > deadline:
            raise HeepstorError(f"the simulator made no serial line in {_START_SECONDS} s.")
        time.sleep(0.01)


def _check(process: subprocess.Popen, log: Path) -> None:
    code = process.poll()
    if code is not None:
        messages = log.read_text(errors="replace").strip()
        raise HeepstorError(f"the simulator has ended (exit code {code}): {messages}")


def _end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
