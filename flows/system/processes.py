"""Running programs: output line by line, and none left running when the task has ended.

Each program runs under a supervisor (`flows/system/supervisor.py`): however the task ends, even by
kill -9, the program and all its descendants are ended, and the task's locks are held until then.
Only programs in the foreground see Ctrl-C; the task ends the others.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from flows.errors import HeepstorError
from flows.system import locks
from flows.system.interrupts import Interrupted, Terminated

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
# A program in the foreground also sees Ctrl-C, and may print something before it ends.
_FAREWELL_SECONDS = 10

_running: set[subprocess.Popen] = set()


@contextlib.contextmanager
def running(
    command: Sequence[str | Path], foreground: bool = False, **options: Any
) -> Iterator[subprocess.Popen]:
    """Run a program for the duration of the context; `options` are Popen's.

    Yields the program's supervisor, whose exit code is the program's, or 128 plus the number of the
    signal that ended it. Without `foreground`, the program has no standard input and does not see
    the terminal's signals. Raises HeepstorError if it can't be started.
    """
    if not foreground:
        options["stdin"] = subprocess.DEVNULL
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = _supervised(command, foreground, theirs.fileno(), options)
        _running.add(process)
        try:
            failure = ours.recv(16)
            if failure != b"0":
                raise HeepstorError(f"{command[0]} cannot be started: {_reason(failure)}.")
            yield process
        finally:
            ours.close()
            process.wait()
            _running.discard(process)
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


def _supervised(
    command: Sequence[str | Path], foreground: bool, task: int, options: Mapping[str, Any]
) -> subprocess.Popen:
    group = os.getpgrp() if foreground else 0
    words = [sys.executable, "-I", "-S", _SUPERVISOR, str(group), str(task), *command]
    # The supervisor inherits the mask: Ctrl-C is not for it.
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return subprocess.Popen(words, pass_fds=(task, *locks.held()), **options)
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        raise HeepstorError(f"{command[0]} cannot be started: {error.strerror}{place}.") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def run_lines(
    command: Sequence[str],
    on_line: Callable[[str], None],
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run a program, pass each line of both output streams to `on_line`; return the exit code.

    A signal counts as exit code 128 plus its number, as in a shell. If this function is left early,
    by Ctrl-C or an exception, it ends the program.
    """
    with running(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        bufsize=1,
        cwd=cwd,
        env=environment,
    ) as process:
        for line in process.stdout or ():
            on_line(line.rstrip("\n"))
        return _exit_code(process)


def run_captured(
    command: Sequence[str], cwd: Path, environment: Mapping[str, str]
) -> tuple[int, str, str]:
    """Run a program; return its exit code, standard output and standard error."""
    with running(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        cwd=cwd,
        env=environment,
    ) as process:
        out, err = process.communicate()
        return _exit_code(process), out, err


def run_foreground(
    command: Sequence[str | Path],
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run a program that uses the terminal and sees Ctrl-C; return its exit code."""
    with running(command, foreground=True, cwd=cwd, env=environment) as process:
        try:
            return _exit_code(process)
        except Terminated:
            raise
        except Interrupted:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_FAREWELL_SECONDS)
            raise


def _reason(failure: bytes) -> str:
    """Return why a program could not be started, from the errno that its supervisor sent."""
    if not failure:
        return "it was killed"
    number = int(failure)
    hint = " (is it executable? chmod +x)" if number == errno.EACCES else ""
    return os.strerror(number) + hint


def _exit_code(process: subprocess.Popen) -> int:
    code = process.wait()
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def worker_threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Yield threads for running programs, all of which end if an exception leaves the context."""
    prefix = f"programs-{time.monotonic_ns()}"
    with ThreadPoolExecutor(count, thread_name_prefix=prefix) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            while any(thread.name.startswith(prefix) for thread in threading.enumerate()):
                for process in list(_running):
                    process.terminate()
                time.sleep(0.01)
            raise
