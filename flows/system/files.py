"""Files: atomic writes, tolerant reads, and explanations of errors."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MEANINGS = {
    errno.EISDIR: "expected a file, found a folder; remove it or name another",
    errno.ENOTDIR: "expected a folder, found a file; remove it or name another",
    errno.EEXIST: "expected a folder, found a file; remove it or name another",
    errno.EACCES: "do build/ and data/ belong to this user?",
    errno.EPERM: "do build/ and data/ belong to this user?",
    errno.EROFS: "it cannot be written there",
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EFBIG: "is there a limit on file sizes (ulimit -f)?",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "its symbolic links form a loop",
    errno.EMFILE: "is there a limit on open files (ulimit -n)?",
}


def describe(error: OSError, place: str = "") -> str:
    """Return what failed, where, and what to do; `place` is used if the error names no file."""
    # After a failed move, the second name is the one that users know.
    named = error.filename2 or error.filename
    found = place if named is None else os.fsdecode(named)
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        # The obstacle may be a folder further up.
        found = next(
            (str(path) for path in (Path(found), *Path(found).parents) if path.is_file()), found
        )
    text = f"{found}: {error.strerror or error}" if found else error.strerror or str(error)
    meaning = _MEANINGS.get(error.errno or 0)
    return f"{text} ({meaning})." if meaning else f"{text}."


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add this file to errors in the context that name none, such as those of a failed write."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = os.fspath(path)
        raise


def write_whole(path: Path, text: str) -> None:
    """Write a file atomically, via a temporary one; create its folder if necessary.

    If several processes write it, the last one wins. A failed write leaves nothing behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with naming(path):
            partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file, or a folder with its contents, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def read_json(path: Path) -> Any:
    """Read a JSON file; return None if it does not exist or is damaged."""
    try:
        # A pipe or a device might never end.
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        pass
    return None
