"""Removing what was generated, and nothing else; never below a task that works with it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from flows.errors import HeepstorError
from flows.repository import projects
from flows.system.files import remove as remove_path
from flows.system.locks import file_lock

_LOCK = ".in-use"
"""Lock file of build/ and of each project's folder: shared by tasks, held alone while cleaning."""


@contextlib.contextmanager
def in_use(root: Path, project: str, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Keep `remove` away from build/ and, where one is named, from a project's results.

    Calls `on_wait` with the process that is cleaning, if it has to wait for one.
    """
    folders = [root / "build"]
    if project in projects.names(root):
        folders.append(projects.results(root, project))
    with contextlib.ExitStack() as held:
        for folder in folders:
            held.enter_context(file_lock(folder / _LOCK, on_wait, shared=True))
        yield


def remove(root: Path, project: str, on_wait: Callable[[str], None]) -> str:
    """Remove build/ or one project's results; return what was removed, in words.

    Waits until no task uses them, after calling `on_wait`. Raises HeepstorError for symbolic links.
    """
    build = root / "build"
    target = projects.results(root, project) if project else build
    name = target.relative_to(root)
    for path in (build, target.parent, target):
        if path.is_symlink():
            raise HeepstorError(f"{path} is a symbolic link: remove what it points to yourself.")
    if not target.exists():
        return f"There is no {name}: nothing to remove."
    with contextlib.ExitStack() as held:
        if project:
            held.enter_context(file_lock(build / _LOCK, on_wait, shared=True))
        held.enter_context(file_lock(target / _LOCK, on_wait))
        size = _remove_held(target)
    return f"Removed {name} ({size / 2**20:.0f} MiB)."


def _remove_held(folder: Path) -> int:
    """Remove a folder whose lock is held, the lock last; return how many bytes that were."""
    size = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
    for path in folder.iterdir():
        if path.name != _LOCK:
            remove_path(path)
    (folder / _LOCK).unlink()
    # Whoever waited for the lock may have begun already.
    with contextlib.suppress(OSError):
        folder.rmdir()
    return size
