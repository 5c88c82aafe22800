"""The projects: folders with a `project.py` under `projects/`."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from flows.errors import HeepstorError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def names(root: Path) -> list[str]:
    """Every project's name, sorted."""
    found = (path.parent.name for path in (root / "projects").glob("*/project.py"))
    return sorted(name for name in found if _NAME.fullmatch(name))


def results(root: Path, name: str) -> Path:
    """The folder of a project's results: `<stage>/` for each stage."""
    return root / "build" / "projects" / name


def find(root: Path, name: str) -> Path:
    """The folder of a project. Raises HeepstorError with the list of projects."""
    known = names(root)
    if name in known:
        return root / "projects" / name
    if name and not _NAME.fullmatch(name):
        raise HeepstorError(
            f"{name!r} cannot be a project's name: expected up to 64 letters (a to z), digits, "
            "'_' and '-', beginning with a letter or a digit. Rename its folder in projects/."
        )
    close = difflib.get_close_matches(name, known, n=1)
    raise HeepstorError(
        (f"there is no project {name!r}." if name else "no project is named.")
        + (f" Did you mean {close[0]}?" if close else "")
        + f"\nProjects: {', '.join(known) or 'none'}."
        + "\nGive one with --project; a new one is a folder projects/<name>/ with a project.py."
    )
