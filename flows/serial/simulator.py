"""The simulator in place of a board; its serial line is a pseudo-terminal."""

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
from flows.simulate.simulation import MAX_CYCLES
from flows.system.processes import running

# A pseudo-terminal accepts any rate and ignores it.
_BAUD = 115200
_START_SECONDS = 30


class Simulator:
    """A running simulator; `port` is the other end of its serial line."""

    def __init__(self, process: subprocess.Popen, port: serial.Serial, log: Path) -> None:
        self.port = port
        self._process = process
        self._log = log

    def check(self, seconds: float = 0) -> None:
        """Raise HeepstorError with its messages if the simulator ends within `seconds`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)
        _check(self._process, self._log)

    def stop(self) -> None:
        """End the simulator, as if the board was switched off."""
        self._process.terminate()


@contextlib.contextmanager
def started(program: Path) -> Iterator[Simulator]:
    """Run a simulator, whose boot ROM waits for a program, for the duration of the context."""
    with tempfile.TemporaryDirectory(prefix="heepstor-") as folder:
        link, log = Path(folder) / "board", Path(folder) / "messages"
        options = "--boot=loader", f"--uart-pty={link}", f"--max-cycles={MAX_CYCLES}"
        with (
            log.open("wb") as messages,
            running([program, *options], stdout=messages, stderr=messages) as process,
        ):
            _await(link, process, log)
            with open_port(str(link), _BAUD) as port:
                yield Simulator(process, port, log)


def _await(link: Path, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not link.exists():
        _check(process, log)
        if time.monotonic() > deadline:
            raise HeepstorError(f"the simulator opened no serial line within {_START_SECONDS} s.")
        time.sleep(0.01)


def _check(process: subprocess.Popen, log: Path) -> None:
    code = process.poll()
    if code is not None:
        messages = log.read_text(errors="replace").strip()
        raise HeepstorError(f"the simulator has ended (exit code {code}): {messages}")
