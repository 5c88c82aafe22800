"""Loading of projects: model(), data(folder), settings, and what else a project.py can define."""

from __future__ import annotations

import contextlib
import importlib.util
import math
import numbers
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from modelgen.errors import ModelError
from modelgen.workload.data import Data
from modelgen.workload.float_tflite_file import FloatTfliteFile
from modelgen.workload.model_file import (
    TFLITE,
    FileSource,
    LocalFile,
    ModelFile,
    read_data,
)
from modelgen.workload.module_file import ModuleFile
from modelgen.workload.names import ONNX
from modelgen.workload.onnx_file import OnnxFile
from modelgen.workload.settings import Settings, parse

if TYPE_CHECKING:
    import numpy as np
    import torch

FILE_NAME = "project.py"
SUFFIXES = (TFLITE, ONNX)
"""How the names of models' files end."""


@dataclass(frozen=True)
class Project:
    """A user's model, data and settings."""

    name: str
    folder: Path
    settings: Settings
    model: Callable[[], torch.nn.Module] | FileSource | ModuleFile
    """Makes the model; or the file that it is in."""
    load_data: Callable[[Path], Data] | None
    """None: random inputs, for a model in a file."""
    train: Callable[[torch.nn.Module, Data], None] | None = None
    """The project's own training; None: the built-in training, if the settings request it."""
    metric: Callable[[Any, Data], float] | None = None
    """The project's own figure of merit; None: the share of correct predictions."""

    def data(self, folder: Path) -> Data:
        """Return the project's data; `folder` is where data sets are kept."""
        load = self.load_data
        if load is None:
            file = self.module_file or self.model_file(folder)
            assert file is not None
            return file.random_data()
        found = _call(self, "data", lambda: load(folder))
        if not isinstance(found, Data):
            kind = type(found).__name__
            raise ModelError(
                f"data() of {self.folder / FILE_NAME} returned a {kind}; expected a "
                "modelgen.workload.data.Data."
            )
        return found

    def build_model(self) -> torch.nn.Module:
        """Return a new model from the project's model(), or that of its FP32 file."""
        if self.module_file is not None:
            return self.module_file.module(self.settings.batch)
        assert callable(self.model)
        return _call(self, "model", self.model)

    @property
    def module_file(self) -> ModuleFile | None:
        """The file that the model is made of in PyTorch."""
        return self.model if isinstance(self.model, ModuleFile) else None

    def model_file(self, folder: Path) -> ModelFile | None:
        """Return the .tflite file of integers that the model is; None for one made in PyTorch.

        Args:
            folder: where data sets are kept.
        """
        if not isinstance(self.model, FileSource):
            return None
        path = self.model.find(folder)
        if not path.is_file():
            raise ModelError(f"There is no {path}. Check the path of the project's model.")
        return ModelFile(path)

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


def load_project(place: Path, data: Path | None = None) -> Project:
    """Load a project.

    Args:
        place: its folder; or the file of a model, which is a project without any settings.
        data: a file with inputs for the latter; None: random inputs.

    Raises:
        ModelError: the file is missing or does not run, or a function or setting is wrong.
    """
    if place.suffix in SUFFIXES:
        return _of_file(place, data)
    folder = place
    path = folder / FILE_NAME
    if not path.is_file():
        raise ModelError(f"There is no {path}. A project is a folder with a {FILE_NAME}.")
    module = _import(path)
    model = _model(module, path)
    project = Project(
        name=folder.name,
        folder=folder,
        settings=_with_batch_of_file(module, _settings(module, path), model),
        model=model,
        load_data=_data(module, path),
        train=_optional(module, "train", path),
        metric=_optional(module, "metric", path),
    )
    _check_own(project, path)
    return project


def _of_file(path: Path, data: Path | None) -> Project:
    model = _file(path)
    settings = Settings()
    names: Callable[[], Sequence[str]] = lambda: ModelFile(path).graph.inputs  # noqa: E731
    if isinstance(model, ModuleFile):
        settings, names = Settings(batch=model.batch()), model.inputs
    load = None if data is None else lambda _: read_data(data, names())
    return Project(path.stem, path.parent, settings, model, load)


def _file(path: Path) -> FileSource | ModuleFile:
    """Return a model's file, by the end of its name and by what is in it."""
    if path.suffix == ONNX:
        return OnnxFile(path)
    tflite = FloatTfliteFile(path)
    return tflite if path.is_file() and tflite.is_float else LocalFile(path)


def _model(
    module: ModuleType, path: Path
) -> Callable[[], torch.nn.Module] | FileSource | ModuleFile:
    """Return model(), or the file that is named in its place."""
    model = getattr(module, "model", None)
    if isinstance(model, str):
        file = path.parent / model
        if file.suffix not in SUFFIXES:
            raise ModelError(
                f"'model' in {path} is {model!r}; expected a file whose name ends with "
                f"{' or '.join(SUFFIXES)}, or a function."
            )
        return _file(file)
    if isinstance(model, FileSource):
        return model
    return _function(module, "model", path)


def _with_batch_of_file(module: ModuleType, settings: Settings, model: object) -> Settings:
    """Return settings with the batch of an FP32 file, unless they have one of their own."""
    own = "batch" in getattr(module, "settings", {})
    if own or not isinstance(model, ModuleFile):
        return settings
    return replace(settings, batch=model.batch())


def _data(module: ModuleType, path: Path) -> Callable[[Path], Data] | None:
    """Return data(), which a model in a file does not need."""
    is_file = not callable(getattr(module, "model", None))
    return _optional(module, "data", path) if is_file else _function(module, "data", path)


def _check_own(project: Project, path: Path) -> None:
    """Raise ModelError for settings that contradict the project's own training or metric."""
    settings = project.settings
    if not callable(project.model):
        _check_of_file(project, path)
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


def _check_of_file(project: Project, path: Path) -> None:
    """Raise ModelError for what would change a model in a file."""
    settings = project.settings
    changes = {
        "train()": project.train is not None,
        "training": settings.training is not None,
        "checkpoint": settings.checkpoint is not None,
        "softmax": settings.softmax,
    }
    if wrong := [name for name, is_there in changes.items() if is_there]:
        raise ModelError(
            f"{path}: the model is in a file, which is run as it came, so {' and '.join(wrong)} "
            "cannot apply. Remove them."
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
            "model": "model() -> torch.nn.Module, or name a file: model = 'net.tflite'",
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
