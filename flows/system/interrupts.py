"""Signals that end a task, as exceptions, so that it cleans up and ends its programs."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Interrupted(BaseException):
    """A signal interrupted the task; `code` is its exit code, the text says what happened."""

    verb = "Interrupted"

    def __init__(self, number: int) -> None:
        super().__init__(f"{self.verb}. Completed work is kept.")
        self.code = 128 + number


class Terminated(Interrupted):
    """SIGTERM ended the task, or SIGHUP because its terminal was closed."""

    verb = "Terminated"


_KINDS = {
    signal.SIGINT: Interrupted,
    signal.SIGTERM: Terminated,
    signal.SIGHUP: Terminated,
}
_received: list[Interrupted] = []
_deferring: list[object] = []


def block() -> None:
    """Block these signals until `unblock`, also in a program that replaces this one."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _KINDS)


def unblock() -> None:
    """Unblock these signals and deliver pending ones."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _KINDS)


def ignore() -> None:
    """Ignore these signals from now on."""
    for number in _KINDS:
        signal.signal(number, signal.SIG_IGN)


def received() -> Interrupted | None:
    """Return the last received signal; libraries may have replaced its exception."""
    return _received[-1] if _received else None


@contextlib.contextmanager
def as_exceptions() -> Iterator[None]:
    """Raise Interrupted in the main thread for the signals that end a task.

    Signals that the caller ignores stay ignored: Ctrl-C is not for programs that a shell runs in
    the background.
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
    """Defer exceptions for signals to the end of the context, which must not take long.

    For libraries that replace or swallow an exception raised by a signal.
    """
    before = len(_received)
    _deferring.append(None)
    try:
        yield
    finally:
        _deferring.pop()
    if not _deferring and len(_received) > before:
        raise _received[-1]
