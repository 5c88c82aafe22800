"""Running programs: their output line by line, and none left running when the task is stopped."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.errors import HeepstorError


@contextlib.contextmanager
def running(command: Sequence[str | Path], **options: Any) -> Iterator[subprocess.Popen]:
    """A program without standard input, which is ended when this is left; `options` are Popen's.

    Raises HeepstorError if it cannot be started.
    """
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    except OSError as error:
        raise HeepstorError(f"{command[0]} cannot be started: {error.strerror}.") from error
    try:
        yield process
    finally:
        _end(process)


def run_lines(
    command: Sequence[str],
    on_line: Callable[[str], None],
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Runs a program, gives each line of its output (both streams) to `on_line`; its exit code.

    A program ended by a signal gives 128 plus the signal's number, as in a shell. The program is
    ended when this function is left early, by Ctrl-C or an exception.
    """
    with running(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        bufsize=1,
        cwd=cwd,
        env=None if environment is None else dict(environment),
    ) as process:
        for line in process.stdout or ():
            on_line(line.rstrip("\n"))
        code = process.wait()
    return code if code >= 0 else 128 - code


def _end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
