"""Copies of the repository for the edits; the working tree is never touched."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from flows.testing.mutate.mutants import FOLDER, Mutant

_LEFT_OUT = {"build", "data", ".venv", ".git", ".heepstor.lock"}
_CACHES = {"__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis", ".cocotb_cache"}


def sources(root: Path) -> dict[str, Path]:
    """Return the repository's files, except generated ones, by their relative paths."""
    found = {}
    for folder, folders, files in os.walk(root):
        top = Path(folder) == root
        left_out = _CACHES | (_LEFT_OUT if top else set())
        folders[:] = sorted(name for name in folders if name not in left_out)
        for name in sorted(files):
            path = Path(folder) / name
            if not (top and name in _LEFT_OUT):
                found[path.relative_to(root).as_posix()] = path
    return found


def fingerprint(root: Path) -> str:
    """Return a hash of all sources except the lists of mutants."""
    digest = hashlib.sha256()
    for name, path in sources(root).items():
        if name.startswith(f"{FOLDER.as_posix()}/"):
            continue
        digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class Copy:
    """A copy of the sources with its own build folder, which later runs reuse."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def bring_up_to_date(self, original: Path) -> None:
        """Copy changed sources from the original; undo edits that an interrupted run left."""
        self.root.mkdir(parents=True, exist_ok=True)
        wanted = sources(original)
        for name, path in sources(self.root).items():
            if name not in wanted:
                path.unlink()
        for name, path in wanted.items():
            target = self.root / name
            if not target.is_file() or target.read_bytes() != path.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                # The time of copying, not the original's, so that it is newer than what was built.
                shutil.copyfile(path, target)
            shutil.copymode(path, target)

    @contextlib.contextmanager
    def applied(self, mutant: Mutant) -> Iterator[None]:
        """Apply the edit to the copy for the duration of the context."""
        path = self.root / mutant.file
        text = path.read_text(encoding="utf-8")
        path.write_text(mutant.mutated(text), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(text, encoding="utf-8")
