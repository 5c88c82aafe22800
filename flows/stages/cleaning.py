"""Removing what was generated, and nothing else; never below a task that works with it."""

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
"""Lock file of build/ and of each project's folder: shared by tasks, held alone while cleaning."""
_SHARED = (
    *("projects", "hardware", "cache", "configurations", "synth", "fpga", "fusesoc"),
    *("bench", "compare", "error.log", "fusesoc.conf", ".hashes.json", "FUSESOC_IGNORE"),
)
"""What the tasks put into build/."""


@contextlib.contextmanager
def in_use(root: Path, project: Project | None, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Keep `remove` away from build/ and, where one is named, from a project's results.

    Calls `on_wait` with the process that is cleaning, if it has to wait for one. Raises
    HeepstorError if a project's results cannot be written.
    """
    build = build_folder(root)
    with contextlib.ExitStack() as held:
        held.enter_context(file_lock(build / _LOCK, on_wait, shared=True))
        # Cores in there are made of those outside, which whoever adds a library of cores wants.
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
            raise HeepstorError(f"{what} --build-dir DIR puts the results elsewhere.") from error
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
            raise HeepstorError(f"{path} is a symbolic link: remove what it points to yourself.")
    if not target.exists():
        return f"There is no {name}: nothing to remove."
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
    """Whether something in a folder build/ that may be somebody else's is what projects share."""
    return path.name in _SHARED


def _is_result(path: Path) -> bool:
    """Whether something in a folder that the user chose is a stage's, and not the user's own."""
    from flows.stages.pipeline import RESULTS

    is_work = path.name.startswith(tuple(f".{name}." for name in RESULTS))
    return path.name in (*RESULTS, ".lock") or is_work


def _remove_held(folder: Path, is_generated: Callable[[Path], bool] | None = None) -> int:
    """Remove a folder whose lock is held, the lock last; return how many bytes that were.

    With `is_generated` only what that says of what lies in it.
    """
    size = 0
    for path in folder.iterdir():
        if path.name != _LOCK and (is_generated is None or is_generated(path)):
            size += sum(one.lstat().st_size for one in (path, *path.rglob("*")) if _is_file(one))
            remove_path(path)
    (folder / _LOCK).unlink()
    # Whoever waited for the lock may have begun already.
    with contextlib.suppress(OSError):
        folder.rmdir()
    return size


def _is_file(path: Path) -> bool:
    return path.is_symlink() or not path.is_dir()
