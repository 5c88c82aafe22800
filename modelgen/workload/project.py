"""Loading of projects: model(), data(folder), settings, and what else a project.py can define."""

from __future__ import annotations

import contextlib
import importlib.util
import math
import numbers
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
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
    metric: Callable[[Any, Data], float] | None = None
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

    def measure(self, outputs: Sequence[np.ndarray], data: Data) -> float:
        """Return the project's own metric for a model's outputs for all test inputs.

        `outputs` are FP32, in the shapes of the module's outputs and in PyTorch's order. metric()
        gets the array itself if there is one output, else a tuple.
        """
        metric = self.metric
        assert metric is not None
        # Copies, because the function may modify them.
        copies = tuple(array.copy() for array in outputs)
        given = copies if len(copies) > 1 else copies[0]
        value = _call(self, "metric", lambda: _plain(metric(given, data)))
        path = self.folder / FILE_NAME
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            kind = type(value).__name__
            raise ModelError(f"metric() of {path} returned a {kind}; expected a number.")
        number = _as_float(value)
        if not math.isfinite(number):
            raise ModelError(f"metric() of {path} returned {number}; expected a finite number.")
        return number

    def train_model(self, model: torch.nn.Module, data: Data) -> None:
        """Train a model in place with the project's own train()."""
        train = self.train
        assert train is not None
        returned = _call(self, "train", lambda: train(model, data))
        if returned is not None and returned is not model:
            raise ModelError(
                f"train() of {self.folder / FILE_NAME} returned a {type(returned).__name__}; "
                "expected None. Train the given model in place."
            )


def _plain(value: Any) -> Any:
    """Return the number in a NumPy array or tensor without dimensions; other values unchanged."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


def _as_float(value: numbers.Real) -> float:
    """Return a number as a float; infinity for an integer larger than any float."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _call(project: Project, name: str, function: Callable[[], Any]) -> Any:
    try:
        with _importing_from(project.folder):
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
    if project.metric is None and settings.metric != Settings.metric:
        raise ModelError(
            f"{path}: the setting 'metric' names what metric() measures, but there is no such "
            "function. Define it, or remove the setting."
        )
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


@contextlib.contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Let the project's code import modules from its own folder."""
    sys.path.insert(0, str(folder))
    # Python detects stale compiled files by size and a time in whole seconds, so it would miss an
    # edit that keeps the size, made within a second of a run.
    compiled_files_are_off, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = compiled_files_are_off
        # The code may have changed the path as well.
        with contextlib.suppress(ValueError):
            sys.path.remove(str(folder))


def _import(path: Path) -> ModuleType:
    """Execute project.py as a module."""
    spec = importlib.util.spec_from_file_location(f"heepstor_project_{path.parent.name}", path)
    assert spec is not None and spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    # Data classes, pickles and torch.save look their module up by its name.
    sys.modules[spec.name] = module
    try:
        with _importing_from(path.parent):
            spec.loader.exec_module(module)
    except ModelError:
        raise
    except SyntaxError as error:
        where = f"{error.filename}:{error.lineno}"
        raise ModelError(f"{where} is not valid Python: {error.msg}.") from error
    except (Exception, SystemExit) as error:
        where = _own_line(error, path.parent)
        raise ModelError(f"{where} failed: {type(error).__name__}: {error}") from error
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
