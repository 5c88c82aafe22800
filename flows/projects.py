"""The projects: folders with a `project.py` under `projects/`."""

from __future__ import annotations

import difflib
from pathlib import Path

from flows.errors import HeepstorError


def names(root: Path) -> list[str]:
    """Every project's name, sorted."""
    return sorted(path.parent.name for path in (root / "projects").glob("*/project.py"))


def find(root: Path, name: str) -> Path:
    """The folder of a project. Raises HeepstorError with the list of projects."""
    known = names(root)
    if name in known:
        return root / "projects" / name
    close = difflib.get_close_matches(name, known, n=1)
    raise HeepstorError(
        (f"there is no project {name!r}." if name else "no project is named.")
        + (f" Did you mean {close[0]}?" if close else "")
        + f"\nProjects: {', '.join(known) or 'none'}."
        + "\nGive one with --project; a new one is a folder projects/<name>/ with a project.py."
    )
