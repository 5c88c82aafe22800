"""The projects: layers, shapes and multiply-accumulates of the networks they stand for."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from flows.repository import ROOT
from modelgen.workload.data import shapes
from modelgen.workload.project import load_project

# Shapes of an input and of its output, multiply-accumulates of one input.
NETWORKS = {
    "mnist": ((1, 28, 28), (10,), 109_184),
    "mnist-single-layer": ((1, 12, 12), (10,), 1_440),
    "mnist-multi-layer": ((1, 12, 12), (10,), 3_080),
    "bench-fmnist-small": ((1, 12, 12), (10,), 3_080),
    "bench-fmnist-medium": ((1, 15, 15), (10,), 150_544),
    "fmnist-conv2d": ((1, 14, 14), (10,), 167_168),
    "bench-fmnist-large": ((1, 28, 28), (10,), 2_054_400),
    "cifar10-conv2d": ((3, 26, 26), (10,), 2_079_036),
    "mnist-cnn": ((1, 28, 28), (10,), 290_080),
    "resnet8": ((3, 32, 32), (10,), 12_501_632),
    "dscnn": ((1, 49, 10), (12,), 2_656_768),
    "vgg6": ((3, 32, 32), (10,), 38_715_392),
    "mobilenetv2": ((3, 96, 96), (10,), 10_666_928),
    "unet": ((3, 64, 64), (4, 64, 64), 36_798_464),
    "transformer": ((1, 49, 10), (12,), 3_243_392),
}
FILES = {f"mlperf-{name}" for name in ("ad", "ic", "kws", "vww")}
"""Projects whose models are files; `test_mlperf_tiny.py` has what is known of them."""
BATCHES = {"mnist-single-layer": 5, "mnist-multi-layer": 5, "bench-fmnist-small": 8}
DRAWN = ("mobilenetv2", "unet")
"""Projects whose data are made, not downloaded: there is no other data to note."""
LINES = 40
LONG = {"mobilenetv2": 75, "unet": 75}
"""Projects whose networks have blocks of their own kind, and their most lines."""

# The published networks, layer by layer: kind, then what defines it.
PERCEPTRON = ["Flatten", "Linear 144 20", "ReLU", "Linear 20 10"]
LAYERS = {
    "mnist-single-layer": ["Flatten", "Linear 144 10"],
    "mnist-multi-layer": PERCEPTRON,
    "bench-fmnist-small": PERCEPTRON,
    "bench-fmnist-medium": [
        *("Conv2d 1 16 5x5", "ReLU", "Conv2d 16 6 4x4", "ReLU"),
        *("Flatten", "Linear 384 10"),
    ],
    "fmnist-conv2d": [
        *("Conv2d 1 16 4x4", "ReLU", "Conv2d 16 8 4x4", "ReLU"),
        *("Flatten", "Linear 512 10"),
    ],
    "bench-fmnist-large": [
        *("Conv2d 1 16 5x5", "BatchNorm2d", "ReLU"),
        *("Conv2d 16 24 3x3", "BatchNorm2d", "ReLU", "MaxPool2d"),
        *("Conv2d 24 6 4x4", "BatchNorm2d", "ReLU"),
        *("Flatten", "Dropout", "Linear 384 10"),
    ],
    "cifar10-conv2d": [
        *("Conv2d 3 16 5x5", "BatchNorm2d", "ReLU"),
        *("Conv2d 16 24 3x3", "BatchNorm2d", "ReLU", "MaxPool2d"),
        *("Conv2d 24 6 4x4", "BatchNorm2d", "ReLU"),
        *("Flatten", "Dropout", "Linear 294 10"),
    ],
}


def described(layer: nn.Module) -> str:
    kind = type(layer).__name__
    if isinstance(layer, nn.Linear):
        return f"{kind} {layer.in_features} {layer.out_features}"
    if isinstance(layer, nn.Conv2d):
        assert layer.stride == (1, 1) and layer.padding == (0, 0) and layer.bias is not None
        rows, columns = layer.kernel_size
        return f"{kind} {layer.in_channels} {layer.out_channels} {rows}x{columns}"
    return kind


def macs(model: nn.Module, shape: tuple[int, ...]) -> int:
    """Return the multiply-accumulates of all matrix products and convolutions, for one input.

    Gradients keep PyTorch from joining the layers of a transformer into one operator.
    """
    with FlopCounterMode(display=False) as counter:
        model.eval()(torch.zeros(1, *shape))
    return counter.get_total_flops() // 2


def test_all_projects_are_listed_here() -> None:
    found = {path.parent.name for path in ROOT.glob("projects/*/project.py")}
    assert found == NETWORKS.keys() | FILES


@pytest.mark.parametrize("name", NETWORKS)
def test_shapes_and_macs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEPSTOR_DATA", str(tmp_path))
    monkeypatch.setattr("modelgen.workload.data.idx_set.download", refuse)
    monkeypatch.setattr("modelgen.workload.data.cifar10.download", refuse)
    shape, outputs, wanted = NETWORKS[name]
    project = load_project(ROOT / "projects" / name)
    data = project.data(tmp_path)
    assert data.test_inputs.shape[1:] == shape and data.train_inputs is not None
    assert bool(data.note) == (name not in DRAWN)
    model = project.build_model().eval()
    assert macs(model, shape) == wanted
    assert model(torch.zeros(2, *shape)).shape == (2, *outputs)
    settings = project.settings
    assert settings.batch == BATCHES.get(name, 1)
    assert settings.inputs % settings.batch == 0
    if project.metric is None:
        assert data.train_labels.max() == outputs[0] - 1
        assert settings.softmax and settings.training is not None


def test_the_segmentation_learns_and_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few steps of its own training lead far beyond all pixels being background."""
    project = load_project(ROOT / "projects" / "unet")
    data = shapes.segmented(64, 3, train=60, test=20)
    torch.manual_seed(0)
    model = project.build_model()
    monkeypatch.setattr(sys.modules["heepstor_project_unet"], "STEPS", 40)
    project.train_model(model.train(), data)
    with torch.no_grad():
        outputs = model.eval()(torch.from_numpy(data.test_inputs)).numpy()
    untouched = np.zeros_like(outputs)
    assert project.measure((untouched,), data) < 0.25 < project.measure((outputs,), data)


def refuse(name: str, *_: object) -> None:
    from modelgen.workload.data.download import DownloadError

    raise DownloadError(name)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_of_the_published_networks(name: str) -> None:
    model = load_project(ROOT / "projects" / name).build_model()
    assert [described(layer) for layer in model] == LAYERS[name]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_project_is_short(name: str) -> None:
    lines = (ROOT / "projects" / name / "project.py").read_text().splitlines()
    assert len(lines) <= LONG.get(name, LINES)
