"""Locks between processes, so that no two tasks write to the same folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

_held: list[int] = []


def held() -> tuple[int, ...]:
    """Return the file descriptors of the locks that this process holds.

    A program that inherits them also holds the locks until it ends.
    """
    return tuple(_held)


@contextlib.contextmanager
def file_lock(path: Path, on_wait: Callable[[str], None], shared: bool = False) -> Iterator[None]:
    """Hold the lock file `path`; if it must wait, call `on_wait` with the holder's name.

    Any number of processes can hold a `shared` lock at a time. The operating system releases it
    when its holder ends, for whatever reason. The holder may remove the file.
    """
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with contextlib.ExitStack() as opened:
        lock = opened.enter_context(_opened(path))
        while not _is_held(lock, path, mode, on_wait):
            lock = opened.enter_context(_opened(path))
        lock.seek(0)
        lock.truncate()
        if not shared:
            lock.write(f"process {os.getpid()}\n")
            lock.flush()
        _held.append(lock.fileno())
        try:
            yield
        finally:
            _held.remove(lock.fileno())


def _opened(path: Path) -> TextIO:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Between these two, the task that holds the lock may remove the folder.
        with contextlib.suppress(FileNotFoundError):
            return path.open("a+")


def _is_held(lock: TextIO, path: Path, mode: int, on_wait: Callable[[str], None]) -> bool:
    """Wait for the lock; return False if its file was removed, so that the lock is void."""
    try:
        fcntl.flock(lock, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        on_wait(lock.read().strip() or "another process")
        fcntl.flock(lock, mode)
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_ino == os.fstat(lock.fileno()).st_ino
    return False
