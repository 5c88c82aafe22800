"""Supervise a program that a task runs: the program ends when the task does.

Run by `flows/system/processes.py` as `python -I -S supervisor.py <group> <socket> <program>
<argument>...`. The task holds the other end of the socket, which the system closes however the task
ends. Then, or on SIGTERM, the supervisor ends the program and all its descendants. It keeps the
file descriptors of the task's locks open until the last of these is gone.

`group` is the process group that the program joins; 0 means a new one. The supervisor writes 0 to
the socket once the program runs, or the errno if it can't be started.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

_GRACE_SECONDS = 2.0
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_CANNOT_START = 127


def main(arguments: list[str]) -> int:
    """Run the program; return its exit code, or 128 plus the number of the signal that ended it."""
    group, task = int(arguments[0]), int(arguments[1])
    os.set_inheritable(task, False)
    signals = _signals_as_input()
    _adopt_orphans()
    program, failure = _start(arguments[2:], group)
    # Signals to the task's process group must not reach this process.
    os.setpgid(0, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(task, failure or b"0")
    code = None
    ready: list[int] = []
    while code is None and not any(_is_end(descriptor, signals) for descriptor in ready):
        ready = select.select([task, signals], [], [])[0]
        code = _reaped(program)
    return _end(program, program if group == 0 else None, code)


def _signals_as_input() -> int:
    """Return a file descriptor from which signal numbers can be read; Ctrl-C is for the task."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    # The task blocked it for this process; the program gets the task's original mask.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return reader


def _is_end(descriptor: int, signals: int) -> bool:
    """Return whether readable input means that the program must end; any input of the task does."""
    received = os.read(descriptor, 4096)
    return descriptor != signals or signal.SIGTERM in received


def _adopt_orphans() -> None:
    """Become the parent of all orphaned descendants (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _start(command: list[str], group: int) -> tuple[int, bytes]:
    """Start the program; return its process ID, and the errno if it can't be started."""
    supervisor = os.getpid()
    # exec() in the child closes the write end.
    reader, writer = os.pipe()
    program = os.fork()
    if program == 0:
        try:
            os.setpgid(0, group)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            if sys.platform == "linux":
                ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() == supervisor:
                os.execvp(command[0], command)
        except OSError as error:
            os.write(writer, str(error.errno).encode())
        os._exit(_CANNOT_START)
    os.close(writer)
    return program, os.read(reader, 16)


def _reaped(program: int) -> int | None:
    """Reap ended processes; return the program's exit code once it is among them."""
    code = None
    while True:
        try:
            number, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if number == 0:
            return code
        if number == program:
            ended = os.waitstatus_to_exitcode(status)
            code = ended if ended >= 0 else 128 - ended


def _end(program: int, group: int | None, code: int | None) -> int:
    """End the program and its descendants, by force if necessary; return its exit code."""
    deadline = time.monotonic() + _GRACE_SECONDS
    number: int = signal.SIGTERM
    while children := _children(group):
        for child in children:
            _send(child, number)
        number = 0 if time.monotonic() < deadline else signal.SIGKILL
        time.sleep(0.01)
        ended = _reaped(program)
        code = code if ended is None else ended
    return _CANNOT_START if code is None else code


def _children(group: int | None) -> list[int]:
    """Return the targets for signals: process IDs and, as a negative number, a process group."""
    found = [] if group is None or not _send(-group, 0) else [-group]
    with contextlib.suppress(FileNotFoundError), os.scandir("/proc") as entries:
        processes = [int(entry.name) for entry in entries if entry.name.isdecimal()]
        found += [process for process in processes if _parent(process) == os.getpid()]
    return found


def _parent(process: int) -> int | None:
    """Return a process's parent, or None if the process has ended."""
    try:
        stat = os.open(f"/proc/{process}/stat", os.O_RDONLY)
        try:
            # The name in parentheses may contain anything; the parent is the second word after it.
            state, parent = os.read(stat, 4096).rpartition(b")")[2].split()[:2]
        finally:
            os.close(stat)
    except (OSError, ValueError):
        return None
    return None if state == b"Z" else int(parent)


def _send(process: int, number: int) -> bool:
    """Send a signal; return whether the target exists."""
    try:
        os.kill(process, number)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
