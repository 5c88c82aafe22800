"""Labels and the setting `softmax` have to fit what the model gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from flows.terminal.progress import Progress
from modelgen.errors import ModelError
from modelgen.stages import model_export as export
from modelgen.workload.data import Data
from modelgen.workload.project import Project
from modelgen.workload.settings import parse


class Argmax(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x).argmax(1)


def classifier(*tail: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(4, 3), *tail)


def export_with(
    folder: Path,
    model: nn.Module,
    *,
    shape: tuple[int, ...] = (4,),
    test: list | None = None,
    train: list | None = None,
    **settings: object,
) -> None:
    """Export a project with these labels; two inputs each."""
    inputs = np.random.default_rng(0).standard_normal((2, *shape)).astype(np.float32)

    def data(_: Path) -> Data:
        return Data("mine", inputs, test, None if train is None else inputs, train)

    out = folder / "export"
    out.mkdir()
    project = Project("sample", folder, parse(settings), lambda: model, data)
    export.run_project(project, out, folder / "data", Progress())


@pytest.mark.parametrize(
    ("test", "train", "message"),
    [
        ([0, 3], None, r"Data 'mine': test labels range from 0 to 3.* 3 classes, 0 to 2\. Change"),
        ([-1, 2], None, "test labels range from -1 to 2"),
        ([0, 0.5], None, "test_labels must be one integer per input"),
        ([0, np.nan], None, "test_labels must be one integer per input"),
        ([0, 2], [1, 7], "training labels range from 1 to 7"),
        (None, [-4, 1], "training labels range from -4 to 1"),
    ],
)
@pytest.mark.parametrize("training", [None, {"steps": 2, "batch": 2}])
@pytest.mark.parametrize("model", [classifier(), classifier(nn.Softmax(1))], ids=str)
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_labels_outside_the_classes(
    tmp_path: Path,
    model: nn.Module,
    training: dict | None,
    test: list | None,
    train: list | None,
    message: str,
) -> None:
    with pytest.raises(ModelError, match=message):
        export_with(tmp_path, model, test=test, train=train, training=training)


def test_labels_beside_an_argmax(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="labels range from 0 to 3, but the model has 3 classes"):
        export_with(tmp_path, Argmax(), test=[0, 3])


def test_labels_of_the_classes_are_taken(tmp_path: Path) -> None:
    for number, model in enumerate((classifier(), classifier(nn.Softmax(1)), Argmax())):
        (tmp_path / str(number)).mkdir()
        export_with(tmp_path / str(number), model, test=[0, 2])


@pytest.mark.parametrize(
    ("model", "shape", "message"),
    [
        (nn.Linear(4, 1), (4,), "a single value for each input, which does not identify a class"),
        (nn.Conv2d(4, 3, 1), (4, 2, 5), r"feature maps of 3x2x5 \(channels, rows, columns\)"),
    ],
)
def test_labels_beside_something_else_than_classes(
    tmp_path: Path, model: nn.Module, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        export_with(tmp_path, model, shape=shape, test=[0, 0])


@pytest.mark.parametrize(
    ("model", "shape", "message"),
    [
        (classifier(nn.Softmax(1)), (4,), r"already ends in softmax \(layer '1'\)"),
        (classifier(nn.Softmax(1), nn.Flatten()), (4,), r"already ends in softmax \(layer '1'\)"),
        (Argmax(), (4,), r"already ends in argmax \(layer 'argmax'\).*'softmax' to False"),
        (nn.Linear(4, 1), (4,), "returns 1x1 values for 1 inputs"),
        (nn.Sequential(nn.Linear(4, 1), nn.Flatten(0)), (4,), "returns 1 values for 1 inputs"),
        (nn.Conv2d(4, 3, 1), (4, 2, 5), "returns feature maps of 3x2x5"),
    ],
)
def test_a_softmax_that_cannot_be_added(
    tmp_path: Path, model: nn.Module, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        export_with(tmp_path, model, shape=shape, softmax=True)
