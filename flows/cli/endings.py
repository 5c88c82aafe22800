"""How a task ends: the message and the exit code for each kind of exception."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from flows.errors import HeepstorError
from flows.repository import build_folder
from flows.system import interrupts
from flows.system.files import describe
from modelgen.errors import ModelError

_BROKEN_PIPE = 141
_LOG = "error.log"


@dataclass(frozen=True)
class Ending:
    """The exit code, and the message for stderr."""

    code: int
    message: str = ""


def of(error: BaseException, root: Path) -> Ending:
    """Return the ending for an exception; `root` is the repository."""
    # A library may have replaced the exception that the signal raised with its own.
    interrupted = interrupts.received()
    if interrupted is None and isinstance(error, KeyboardInterrupt):
        interrupted = interrupts.Interrupted(signal.SIGINT)
    if interrupted is not None:
        return Ending(interrupted.code, f"\n{interrupted}")
    if isinstance(error, HeepstorError):
        return Ending(error.code, f"\nError: {error}")
    if isinstance(error, ModelError):
        return Ending(1, f"\nError: {error}")
    if isinstance(error, OSError):
        return _of_system_error(error)
    if isinstance(error, MemoryError):
        return Ending(1, "\nError: out of memory. Close other programs and try again.")
    return Ending(1, _bug(error, root))


def _of_system_error(error: OSError) -> Ending:
    stream = _failed_stream()
    if error.errno == errno.EPIPE and error.filename is None:
        # The reader of the pipe closed it.
        _silence(sys.stdout)
        return Ending(_BROKEN_PIPE)
    if stream:
        return Ending(1, f"\nError: {stream} cannot be written: {error.strerror}.")
    return Ending(1, f"\nError: {describe(error, 'standard output, or a file in build/')}")


def _failed_stream() -> str:
    """Return the name of a standard stream that cannot be written; silence such streams."""
    failed = []
    streams = ((sys.stdout, 1, "standard output"), (sys.stderr, 2, "standard error"))
    for stream, descriptor, name in streams:
        try:
            stream.flush()
            os.write(descriptor, b"")
        except OSError:
            _silence(stream)
            failed.append(name)
    return failed[0] if failed else ""


def _silence(stream: TextIO) -> None:
    """Discard what is written to a standard stream, also while Python exits."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def _bug(error: BaseException, root: Path) -> str:
    """Write the traceback to a log that users can send, or else into the message; return that."""
    text = "".join(traceback.format_exception(error))
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    log = build_folder(root) / _LOG
    try:
        log.parent.mkdir(exist_ok=True)
        log.write_text(f"$ {sys.argv}\n{text}", encoding="utf-8", errors="backslashreplace")
    except OSError:
        return f"\n{text}\nError: {what}. This is a bug in HEEPstor; please report it."
    return f"\nError: {what}. This is a bug in HEEPstor; please report it with {log}."
