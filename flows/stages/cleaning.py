"""Removing generated files and nothing else, and never while a task uses them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from flows.errors import HeepstorError
from flows.repository import build_folder, is_installed, shown
from flows.repository.projects import Project
from flows.system.files import describe
from flows.system.files import remove as remove_path
from flows.system.locks import file_lock

_LOCK = ".in-use"
"""Lock file of build/ and of each project's folder: shared by tasks, exclusive for cleaning."""
_SHARED = (
    *("projects", "hardware", "cache", "configurations", "synth", "fpga", "fusesoc"),
    *("bench", "compare", "error.log", "fusesoc.conf", "FUSESOC_IGNORE"),
    *(".hashes.json", ".imports.json"),
)
"""What tasks create in build/."""


@contextlib.contextmanager
def in_use(root: Path, project: Project | None, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Keep `remove` away from build/ and from the results of `project`, if there is one.

    If a process is already cleaning, calls `on_wait` with its name and waits for it. Raises
    HeepstorError if a project's results cannot be written.
    """
    build = build_folder(root)
    with contextlib.ExitStack() as held:
        held.enter_context(file_lock(build / _LOCK, on_wait, shared=True))
        # Generated cores in there must not be found by users who add this folder as a core library.
        (build / "FUSESOC_IGNORE").touch()
        if project is not None:
            held.enter_context(_results_in_use(project, on_wait))
        yield


@contextlib.contextmanager
def _results_in_use(project: Project, on_wait: Callable[[str], None]) -> Iterator[None]:
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(file_lock(project.results / _LOCK, on_wait, shared=True))
        except OSError as error:
            what = describe(error, str(project.results))
            raise HeepstorError(
                f"{what} Use --build-dir DIR to write the results elsewhere."
            ) from error
        yield


def remove(root: Path, project: Project | None, on_wait: Callable[[str], None]) -> str:
    """Remove build/ or one project's results; return what was removed, in words.

    Waits until no task uses them, after calling `on_wait`. Raises HeepstorError for symbolic links.
    """
    build = build_folder(root)
    target = project.results if project else build
    name = shown(root, target)
    for path in (build, target.parent, target):
        if path.is_symlink():
            raise HeepstorError(f"{path} is a symbolic link; remove its target yourself.")
    if not target.exists():
        return f"{name} does not exist; nothing to remove."
    is_generated = None
    if project and not project.owns_results:
        is_generated = _is_result
    elif not project and is_installed(root):
        is_generated = _is_shared
    with contextlib.ExitStack() as held:
        if target != build:
            held.enter_context(file_lock(build / _LOCK, on_wait, shared=True))
        held.enter_context(file_lock(target / _LOCK, on_wait))
        size = _remove_held(target, is_generated)
    return f"Removed {name} ({size / 2**20:.0f} MiB)."


def _is_shared(path: Path) -> bool:
    """Return whether something in a build/ that may have other owners is shared by projects."""
    return path.name in _SHARED


def _is_result(path: Path) -> bool:
    """Return whether something in a folder that the user chose is a stage's output."""
    from flows.stages.pipeline import RESULTS

    is_work = path.name.startswith(tuple(f".{name}." for name in RESULTS))
    return path.name in (*RESULTS, ".lock") or is_work


def _remove_held(folder: Path, is_generated: Callable[[Path], bool] | None = None) -> int:
    """Remove a folder whose lock is held, the lock last; return its size in bytes.

    With `is_generated`, remove only those entries for which it returns True.
    """
    size = 0
    for path in folder.iterdir():
        if path.name != _LOCK and (is_generated is None or is_generated(path)):
            size += sum(one.lstat().st_size for one in (path, *path.rglob("*")) if _is_file(one))
            remove_path(path)
    (folder / _LOCK).unlink()
    # A task that waited for the lock may already have started.
    with contextlib.suppress(OSError):
        folder.rmdir()
    return size


def _is_file(path: Path) -> bool:
    return path.is_symlink() or not path.is_dir()
