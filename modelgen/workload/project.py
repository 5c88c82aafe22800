"""Loads a project: model(), data(folder) and settings from projects/<name>/project.py."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from modelgen.errors import ModelError
from modelgen.workload.data import Data
from modelgen.workload.settings import Settings, parse

if TYPE_CHECKING:
    import torch

FILE_NAME = "project.py"


@dataclass(frozen=True)
class Project:
    """A user's model, data and settings."""

    name: str
    folder: Path
    settings: Settings
    model: Callable[[], torch.nn.Module]
    load_data: Callable[[Path], Data]

    def data(self, folder: Path) -> Data:
        """Return the project's data; `folder` is where data sets are kept."""
        found = _call(self, "data", lambda: self.load_data(folder))
        if not isinstance(found, Data):
            kind = type(found).__name__
            raise ModelError(
                f"data() of {self.folder / FILE_NAME} returned a {kind}; it must return a "
                "modelgen.workload.data.Data."
            )
        return found

    def build_model(self) -> torch.nn.Module:
        """Return what model() gives."""
        return _call(self, "model", self.model)


def _call(project: Project, name: str, function: Callable[[], Any]) -> Any:
    try:
        return function()
    except ModelError:
        raise
    except (Exception, SystemExit) as error:
        where = _own_line(error, project.folder)
        raise ModelError(f"{name}() of {where} failed: {type(error).__name__}: {error}") from error


def load_project(folder: Path) -> Project:
    """Load a project from its folder.

    Raises:
        ModelError: the file is missing or does not run, or a function or setting is wrong.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise ModelError(f"There is no {path}. A project is a folder with a {FILE_NAME}.")
    module = _import(path)
    return Project(
        name=folder.name,
        folder=folder,
        settings=_settings(module, path),
        model=_function(module, "model", path),
        load_data=_function(module, "data", path),
    )


def _import(path: Path) -> ModuleType:
    """Run project.py as a module of its own; its folder is on the path meanwhile."""
    spec = importlib.util.spec_from_file_location(f"heepstor_project_{path.parent.name}", path)
    assert spec is not None and spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    # Compiled files are told from newer sources by size and whole seconds: an edit of the same size
    # soon after a run would not be seen.
    compiled_files_are_off, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    except ModelError:
        raise
    except SyntaxError as error:
        where = f"{error.filename}:{error.lineno}"
        raise ModelError(f"{where} is not valid Python: {error.msg}.") from error
    except (Exception, SystemExit) as error:
        where = _own_line(error, path.parent)
        raise ModelError(f"{where} failed: {type(error).__name__}: {error}") from error
    finally:
        sys.dont_write_bytecode = compiled_files_are_off
        sys.path.remove(str(path.parent))
    return module


def _own_line(error: BaseException, folder: Path) -> str:
    """Return file and line of the project's own code that led to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else str(folder / FILE_NAME)


def _function(module: ModuleType, name: str, path: Path) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if not callable(function):
        purpose = {
            "model": "model() -> torch.nn.Module",
            "data": "data(folder) -> modelgen.workload.data.Data",
        }
        raise ModelError(f"{path} has no function {name}; it needs {purpose[name]}.")
    return function


def _settings(module: ModuleType, path: Path) -> Settings:
    try:
        return parse(getattr(module, "settings", {}))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
