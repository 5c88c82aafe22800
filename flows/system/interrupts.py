"""Signals that end a task, as exceptions: what it has begun is tidied up, what it runs ended."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Interrupted(BaseException):
    """The task was interrupted by a signal; `code` is its exit code, the text what happened."""

    verb = "Interrupted"

    def __init__(self, number: int) -> None:
        super().__init__(f"{self.verb}. What was complete is kept.")
        self.code = 128 + number


class Terminated(Interrupted):
    """The task was ended by SIGTERM, or by SIGHUP as its terminal was closed."""

    verb = "Terminated"


_KINDS = {
    signal.SIGINT: Interrupted,
    signal.SIGTERM: Terminated,
    signal.SIGHUP: Terminated,
}
_received: list[Interrupted] = []
_deferring: list[object] = []


def block() -> None:
    """Keep them waiting, also in the program that takes this one's place, until `unblock`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _KINDS)


def unblock() -> None:
    """Let those through that were kept waiting."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _KINDS)


def ignore() -> None:
    """From now on nothing happens when they come."""
    for number in _KINDS:
        signal.signal(number, signal.SIG_IGN)


def received() -> Interrupted | None:
    """The signal that came last, if any did; libraries may have made another exception of it."""
    return _received[-1] if _received else None


@contextlib.contextmanager
def as_exceptions() -> Iterator[None]:
    """Raise Interrupted in the main thread for the signals that end a task.

    Those that whoever started the task ignores stay ignored: Ctrl-C is not for the programs that a
    shell runs in the background.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    found = {number: signal.getsignal(number) for number in _KINDS}
    taken = {number: kept for number, kept in found.items() if kept is not signal.SIG_IGN}
    for number in taken:
        signal.signal(number, _raise)
    try:
        yield
    finally:
        for number, kept in taken.items():
            signal.signal(number, kept)
        _received.clear()


def _raise(number: int, frame: FrameType | None) -> None:
    error = _KINDS[signal.Signals(number)](number)
    _received.append(error)
    if not _deferring:
        raise error


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Signals that come in here, where nothing takes long, are raised as exceptions afterwards.

    For libraries that make something else of an exception from a signal, or go on.
    """
    before = len(_received)
    _deferring.append(None)
    try:
        yield
    finally:
        _deferring.pop()
    if not _deferring and len(_received) > before:
        raise _received[-1]
