"""Removing what was generated, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from flows.errors import HeepstorError


def remove(build: Path, folder: str = "") -> str:
    """Removes the folder `build`, or one folder in it; says what was removed."""
    target = build / folder if folder else build
    if build.is_symlink() or target.is_symlink():
        raise HeepstorError(f"{target} is a symbolic link: remove what it points to yourself.")
    if not target.exists():
        return f"There is no {target.relative_to(build.parent)}: nothing to remove."
    size = sum(path.lstat().st_size for path in target.rglob("*") if not path.is_dir())
    shutil.rmtree(target)
    return f"Removed {target.relative_to(build.parent)} ({size / 2**20:.0f} MiB)."
