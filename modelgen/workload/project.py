"""Loading of projects: model(), data(folder), settings, and what else a project.py can define."""

from __future__ import annotations

import importlib.util
import math
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
    import numpy as np
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
    train: Callable[[torch.nn.Module, Data], None] | None = None
    """The project's own training; None: the built-in training, if the settings request it."""
    metric: Callable[[np.ndarray, Data], float] | None = None
    """The project's own figure of merit; None: the share of correct predictions."""

    def data(self, folder: Path) -> Data:
        """Return the project's data; `folder` is where data sets are kept."""
        found = _call(self, "data", lambda: self.load_data(folder))
        if not isinstance(found, Data):
            kind = type(found).__name__
            raise ModelError(
                f"data() of {self.folder / FILE_NAME} returned a {kind}; expected a "
                "modelgen.workload.data.Data."
            )
        return found

    def build_model(self) -> torch.nn.Module:
        """Return a new model from the project's model()."""
        return _call(self, "model", self.model)

    def measure(self, outputs: np.ndarray, data: Data) -> float:
        """Return the project's own metric for a model's outputs for all test inputs.

        `outputs` are FP32, in the shape of the module's outputs and in PyTorch's order.
        """
        metric = self.metric
        assert metric is not None
        value = _call(self, "metric", lambda: float(metric(outputs, data)))
        if not math.isfinite(value):
            raise ModelError(
                f"metric() of {self.folder / FILE_NAME} returned {value}; expected a finite number."
            )
        return value

    def train_model(self, model: torch.nn.Module, data: Data) -> None:
        """Train a model in place with the project's own train()."""
        train = self.train
        assert train is not None
        _call(self, "train", lambda: train(model, data))


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
    project = Project(
        name=folder.name,
        folder=folder,
        settings=_settings(module, path),
        model=_function(module, "model", path),
        load_data=_function(module, "data", path),
        train=_optional(module, "train", path),
        metric=_optional(module, "metric", path),
    )
    _check_own(project, path)
    return project


def _check_own(project: Project, path: Path) -> None:
    """Raise ModelError for settings that contradict the project's own training or metric."""
    settings = project.settings
    if project.train is not None and settings.training is not None:
        raise ModelError(
            f"{path} defines train(), but the setting 'training' requests the built-in training. "
            "Remove one of them."
        )
    if project.metric is not None and settings.softmax:
        raise ModelError(
            f"{path} defines metric(), but the setting 'softmax' changes the outputs that it "
            "measures. Set 'softmax' to False, or put the softmax into the model."
        )


def _import(path: Path) -> ModuleType:
    """Execute project.py as a module, with its folder on the path meanwhile."""
    spec = importlib.util.spec_from_file_location(f"heepstor_project_{path.parent.name}", path)
    assert spec is not None and spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    # Python detects stale compiled files by size and a time in whole seconds, so it would miss an
    # edit that keeps the size, made within a second of a run.
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
    """Return the file and line of the project's own code that led to an error."""
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
        raise ModelError(f"{path} has no function {name}. Define {purpose[name]}.")
    return function


def _optional(module: ModuleType, name: str, path: Path) -> Callable[..., Any] | None:
    """Return an optional function of a project, or None."""
    function = getattr(module, name, None)
    if function is not None and not callable(function):
        kind = type(function).__name__
        raise ModelError(f"'{name}' in {path} is a {kind}; expected a function.")
    return function


def _settings(module: ModuleType, path: Path) -> Settings:
    try:
        return parse(getattr(module, "settings", {}))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
