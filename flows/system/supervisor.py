"""Stands between a task and a program that it runs: the program ends when the task does.

Run as `python -I -S supervisor.py <group> <socket> <program> <argument>...`; the task is
`flows/system/processes.py`. The task holds the other end of the socket, and the system closes that
however the task ends. Then, or on SIGTERM, the program and all that it has started are ended. The
file descriptors of the task's locks are open here until the last of them is gone.

`group` is the process group that the program joins, 0 for one of its own. Once the program runs, 0
is written to the socket, or the errno if it can't be started.
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
    """Run the program to its end; return its exit code, 128 plus the number for a signal."""
    group, task = int(arguments[0]), int(arguments[1])
    os.set_inheritable(task, False)
    signals = _signals_as_input()
    _adopt_orphans()
    program, failure = _start(arguments[2:], group)
    # Whoever kills the task's whole process group does not reach this process.
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
    """A file descriptor on which the numbers of signals arrive; Ctrl-C is for the task."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    # It is blocked here since the task started this. In the program it does what it did there.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return reader


def _is_end(descriptor: int, signals: int) -> bool:
    """Whether what can be read says that the program has to end; anything does from the task."""
    received = os.read(descriptor, 4096)
    return descriptor != signals or signal.SIGTERM in received


def _adopt_orphans() -> None:
    """Become the parent of all processes below that lose theirs (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _start(command: list[str], group: int) -> tuple[int, bytes]:
    """Start the program; return its process number, and its errno if it can't be started."""
    supervisor = os.getpid()
    # The writer closes when the program takes the child's place.
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
    """Collect what has ended; return the exit code of the program once it is among these."""
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
    """End the program and all that it has started, if need be by force; return its exit code."""
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
    """Whom to send signals: processes, and as a negative number a process group."""
    found = [] if group is None or not _send(-group, 0) else [-group]
    with contextlib.suppress(FileNotFoundError), os.scandir("/proc") as entries:
        processes = [int(entry.name) for entry in entries if entry.name.isdecimal()]
        found += [process for process in processes if _parent(process) == os.getpid()]
    return found


def _parent(process: int) -> int | None:
    """The parent of a process; None if it has ended."""
    try:
        stat = os.open(f"/proc/{process}/stat", os.O_RDONLY)
        try:
            # The name in parentheses may hold anything; the parent is the second word after it.
            state, parent = os.read(stat, 4096).rpartition(b")")[2].split()[:2]
        finally:
            os.close(stat)
    except (OSError, ValueError):
        return None
    return None if state == b"Z" else int(parent)


def _send(process: int, number: int) -> bool:
    """Send a signal; return whether there was anybody."""
    try:
        os.kill(process, number)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
