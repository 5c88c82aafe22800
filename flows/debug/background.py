"""Programs that run in the background of the debugger and end with it."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from flows.errors import HeepstorError
from flows.system import processes

_POLL_SECONDS = 0.02


class Background:
    """A running program whose messages go to a log."""

    def __init__(self, name: str, process: subprocess.Popen, log: Path) -> None:
        self.name = name
        self._process = process
        self._log = log

    def wait_for(self, pattern: str, seconds: float, hint: str = "") -> re.Match:
        """Wait until a message matches. Raises HeepstorError with the messages if none does."""
        deadline = time.monotonic() + seconds
        while True:
            ended = self._process.poll() is not None
            text = self._log.read_text(errors="replace")
            if found := re.search(pattern, text):
                return found
            if ended or time.monotonic() > deadline:
                how = "has ended" if ended else f"was not ready after {seconds:g} s"
                shown = "\n".join(f"  | {line}" for line in text.splitlines()[-12:])
                raise HeepstorError(f"{self.name} {how}. Its last lines:\n{shown}\n{hint}".rstrip())
            time.sleep(_POLL_SECONDS)


@contextlib.contextmanager
def running(
    name: str, command: Sequence[str | Path], log: Path, output: Path | None = None
) -> Iterator[Background]:
    """Run a program for the duration of the context.

    Its messages go to `log`, and so does its output unless `output` is given. It does not see
    Ctrl-C, which is meant for the debugger.
    """
    with contextlib.ExitStack() as files:
        messages = files.enter_context(log.open("wb"))
        printed = files.enter_context(output.open("wb")) if output else messages
        process = files.enter_context(processes.running(command, stdout=printed, stderr=messages))
        yield Background(name, process, log)
