"""A new project: a copy of the template, which runs as it is."""

from __future__ import annotations

import shlex
from pathlib import Path

from flows.errors import HeepstorError
from flows.repository import COMMAND, is_installed, page, projects, shown
from flows.system.files import write_whole
from flows.terminal.arguments import user_path

TEMPLATE = Path(__file__).resolve().parent / "template" / projects.FILE


def write(root: Path, name: str, folder: str) -> str:
    """Create a project in a new folder `name` in `folder`; return what to do with it.

    `folder` is as the user typed it; "" stands for `projects/`, or for the current folder where the
    sources are an installed package. Raises HeepstorError if the name is not valid, or something
    is already there. A project that cannot be written leaves nothing behind.
    """
    projects.check_name(name)
    place = user_path(folder) if folder or is_installed(root) else root / "projects"
    target = place / name
    if target.exists() or target.is_symlink():
        raise HeepstorError(f"{target} already exists. Choose another name or another --folder.")
    target.mkdir(parents=True)
    file = target / projects.FILE
    try:
        write_whole(file, TEMPLATE.read_text(encoding="utf-8"))
    except BaseException:
        target.rmdir()
        raise
    typed = shlex.quote(projects.find(root, str(target)).typed)
    return (
        f"Created: {shown(root, file)}\n"
        f"Documentation: {page('user-guide.md')}\n"
        f"Run it: {COMMAND} build --project {typed}"
    )
