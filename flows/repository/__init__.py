"""Where things lie: the sources, the folder where one works, what the user types.

The sources are a repository, in which one works as well, or an installed package, which may be
read-only: one then works in the current folder. What is generated, data sets and trained weights
lie where one works.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

from flows.errors import HeepstorError
from flows.terminal.arguments import user_path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "heepstor"
"""Name of the distribution, and of the folder in site-packages that holds its sources."""


@functools.cache
def is_installed(root: Path) -> bool:
    """Whether these sources are an installed package: pip leaves a record of it beside them."""
    return root.name == PACKAGE and any(root.parent.glob(f"{PACKAGE}-*.dist-info"))


def work_folder(root: Path) -> Path:
    """The folder that holds build/ and data/, for the sources in `root`."""
    return user_path(".") if is_installed(root) else root


def build_folder(root: Path) -> Path:
    """The folder of all that is generated, but for the results of projects that lie elsewhere."""
    return work_folder(root) / "build"


def require_repository(root: Path) -> None:
    """Raise HeepstorError where the sources are an installed package, which has no tests."""
    if is_installed(root):
        raise HeepstorError(
            "this task needs the repository, with its tests: the installed package has none. Clone "
            "the repository, and run the task there."
        )


def programs(root: Path) -> list[Path]:
    """The folders of the programs that belong to the sources, in the order in which they count.

    They lie beside this Python; those of `pip install --target` in bin/ beside the packages.
    """
    beside = root.parent / "bin"
    own = [beside] if is_installed(root) and beside.is_dir() else []
    return [*own, Path(sys.executable).parent]


def shown(root: Path, path: Path) -> Path:
    """A path as messages name it: seen from where one works if it lies there, else the whole."""
    folder = work_folder(root)
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def page(name: str) -> str:
    """The path of a page of the documentation, for messages."""
    return str(shown(ROOT, ROOT / "docs" / name))


COMMAND = PACKAGE if is_installed(ROOT) else f"./{PACKAGE}"
"""What the user types before a task, for messages."""
