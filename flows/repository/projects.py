"""The projects: folders with a `project.py`, under `projects/` or anywhere else."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from flows.errors import HeepstorError
from flows.repository import build_folder
from flows.terminal.arguments import user_path

FILE = "project.py"
CONFIGURATION = "heepstor_cfg.hjson"
BUILT_SUFFIXES = (".tflite", ".onnx")
"""Files with a model that need no project: their own runtime says what they compute."""
MODEL_SUFFIXES = (".pt2", *BUILT_SUFFIXES)
"""Files with a model, of which `check` needs no project."""
_FOLDER = "projects"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Project:
    """A project's place, and that of its results; or those of a model in a file."""

    name: str
    folder: Path
    results: Path
    """`<stage>/` for each stage."""
    typed: str
    """What names it on a command line, wherever that is typed."""
    is_ours: bool
    """Whether it is one of `projects/`: then nothing but its own lies in its folder."""
    owns_results: bool
    """Whether nothing but its results lies in their folder."""
    model: Path | None = None
    """The file of a model that is built without a project.py."""

    @property
    def file(self) -> Path:
        """Its project.py, or the file of the model."""
        return self.model or self.folder / FILE

    @property
    def place(self) -> Path:
        """What the compiler loads: the folder of a project.py, or the file of the model."""
        return self.model or self.folder

    @property
    def configuration(self) -> Path | None:
        """The hardware configuration beside project.py, if there is one."""
        path = self.folder / CONFIGURATION
        return path if path.is_file() else None


def names(root: Path) -> list[str]:
    """The names of the projects in `projects/`, sorted."""
    found = (path.parent.name for path in (root / _FOLDER).glob(f"*/{FILE}"))
    return sorted(name for name in found if _NAME.fullmatch(name))


def listed(root: Path) -> list[Project]:
    """The projects in `projects/`, and those in the user's current folder or right below it."""
    here = user_path(".")
    folders = [here, *sorted(path.parent for path in here.glob(f"*/{FILE}"))]
    nearby = [_at(root, folder, "") for folder in folders if (folder / FILE).is_file()]
    others = [found for found in nearby if not found.is_ours and _NAME.fullmatch(found.name)]
    return [_of_ours(root, name, "") for name in names(root)] + others


def lookup(root: Path, typed: str, build_dir: str = "") -> Project | None:
    """The project that was typed: a name in `projects/`, a folder with a project.py, that file, or
    the file of a model that needs none.

    Its results lie in `build_dir`; without that in build/projects/<name>/, or, of a project that
    does not lie in `projects/`, in build/ beside its project.py; of a model in a file, in
    build/<name>/ beside that. None if there is no such project.
    Raises HeepstorError if its folder's name cannot be a project's.
    """
    if typed in names(root):
        return _of_ours(root, typed, build_dir)
    if not typed:
        return None
    path = user_path(typed)
    if path.suffix in BUILT_SUFFIXES and path.is_file():
        check_name(path.stem, "Rename the file.")
        results = user_path(build_dir) if build_dir else path.parent / "build" / path.stem
        return Project(path.stem, path.parent, results, str(path), False, not build_dir, path)
    folder = path.parent if path.name == FILE else path
    if not (folder / FILE).is_file():
        return None
    check_name(folder.name, "Rename its folder.")
    return _at(root, folder, build_dir)


def _of_ours(root: Path, name: str, build_dir: str) -> Project:
    folder = root / _FOLDER / name
    results = build_folder(root) / "projects" / name
    chosen = user_path(build_dir) if build_dir else results
    return Project(name, folder, chosen, name, True, chosen == results)


def _at(root: Path, folder: Path, build_dir: str) -> Project:
    if folder.parent == root / _FOLDER and folder.name in names(root):
        return _of_ours(root, folder.name, build_dir)
    results = user_path(build_dir) if build_dir else folder / "build"
    return Project(folder.name, folder, results, str(folder), False, False)


def find(root: Path, typed: str, build_dir: str = "") -> Project:
    """The project that was typed; see `lookup`. Raises HeepstorError with the list of projects."""
    found = lookup(root, typed, build_dir)
    if found is not None:
        return found
    path = user_path(typed)
    if not typed:
        what = "no project is given."
    elif path.is_file():
        what = f"{typed!r} is not a {FILE}."
        if path.suffix in MODEL_SUFFIXES:
            what += " Only `check` takes a model in a file: anything else also needs data."
        elif path.suffix in (".pt", ".pth"):
            what += " A file with weights is named in a project's setting 'checkpoint'."
    elif "/" in typed or path.is_dir():
        folder = path.parent if path.name == FILE else path
        what = f"{typed!r} is not a project: there is no {FILE} in {folder}."
    else:
        check_name(typed)
        close = difflib.get_close_matches(typed, names(root), n=1)
        what = f"there is no project {typed!r}." + (f" Did you mean {close[0]}?" if close else "")
    raise HeepstorError(
        f"{what}\nProjects: {', '.join(names(root)) or 'none'}."
        "\nGive one of them with --project, or the path of a folder with a project.py; the task "
        "`new` writes a new one."
    )


def check_model(model: str, project: str) -> None:
    """Raise HeepstorError unless a model's file is given, and no project beside it."""
    if project:
        raise HeepstorError("--project and --model exclude each other; give one of them.")
    path = user_path(model)
    if path.suffix not in BUILT_SUFFIXES:
        raise HeepstorError(
            f"--model {model!r}: expected a file whose name ends with "
            f"{' or '.join(BUILT_SUFFIXES)}."
        )
    if not path.is_file():
        raise HeepstorError(f"--model: {path} does not exist; check the path.")


def check_name(name: str, remedy: str = "Choose another name.") -> None:
    """Raise HeepstorError, with what to do, unless the name of a folder can be a project's."""
    if not _NAME.fullmatch(name):
        raise HeepstorError(
            f"{name!r} cannot be a project's name: expected up to 64 letters (a to z), digits, "
            f"'_' and '-', beginning with a letter or a digit. {remedy}"
        )
