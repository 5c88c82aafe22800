"""The user's module is what everything is compared with; an import that differs is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from flows.terminal.progress import Progress
from modelgen import stages
from modelgen.errors import ModelError
from modelgen.frontends.torch_export import importer
from modelgen.frontends.torch_export.translation import Translation
from modelgen.hardware import Hardware
from modelgen.operators import Pointwise
from modelgen.operators.epilogue import Epilogue
from modelgen.stages import files as exported
from modelgen.stages import model_export as export
from modelgen.workload.data import Data
from modelgen.workload.project import Project
from modelgen.workload.settings import parse

SHAPE = (3, 6, 5)
COUNT = 7


class Function(nn.Module):
    def __init__(self, function: Callable, *layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.layers = nn.ModuleList(layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x, *self.layers)


def cnn() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.LeakyReLU(0.1), nn.MaxPool2d(2)),
        *(nn.Linear(2, 4), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(48, 5)),
    )


def inputs_of(shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((COUNT, *shape)).astype(np.float32)


def export_model(
    make: Callable[[], nn.Module],
    folder: Path,
    inputs: np.ndarray | None = None,
    labeled: bool = True,
    **settings: object,
) -> exported.Samples:
    """Export a project whose model() is `make`; give what the stage keeps of its test set."""
    inputs = inputs_of() if inputs is None else inputs
    labels = np.arange(len(inputs)) % 5 if labeled else None

    def data(_: Path) -> Data:
        return Data("made up", inputs, labels, inputs, labels)

    project = Project("sample", folder, parse(settings), make, data)
    out = folder / "export"
    out.mkdir(parents=True, exist_ok=True)
    export.run_project(project, out, folder / "data", Progress())
    return exported.read_test_data(out)


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return make().eval()


@pytest.mark.parametrize("batch", [1, 3])
def test_outputs_are_those_of_the_module(tmp_path: Path, batch: int) -> None:
    kept = export_model(cnn, tmp_path, batch=batch)
    with torch.no_grad():
        wanted = seeded(cnn)(torch.from_numpy(inputs_of())).numpy()
    np.testing.assert_allclose(kept.outputs, wanted, rtol=1e-5, atol=1e-6)


def test_outputs_of_feature_maps_are_in_pytorchs_order(tmp_path: Path) -> None:
    def maps() -> nn.Module:
        return nn.Conv2d(3, 4, 3)

    wanted = seeded(maps)(torch.from_numpy(inputs_of())).detach().numpy()
    for index, make in enumerate((maps, lambda: nn.Sequential(maps(), nn.Flatten()))):
        kept = export_model(make, tmp_path / str(index), labeled=False)
        np.testing.assert_allclose(kept.outputs, wanted.reshape(COUNT, -1), rtol=1e-5, atol=1e-6)


def test_accuracy_and_golden_outputs_come_from_the_module(tmp_path: Path) -> None:
    kept = export_model(cnn, tmp_path, softmax=True)
    for name in ("quantize", "generate"):
        (tmp_path / name).mkdir()
    stages.quantize(tmp_path / "export", tmp_path / "quantize", {}, Progress())
    stages.generate(tmp_path / "quantize", tmp_path / "generate", Hardware(), {"inputs": 4})
    figures = json.loads((tmp_path / "quantize" / "accuracy.json").read_text())
    assert figures["float"] == (kept.outputs.argmax(1) == kept.labels).mean()
    module = np.load(tmp_path / "generate" / "golden" / "module.npy")
    wanted = torch.softmax(torch.from_numpy(kept.outputs[:4]), 1).numpy()
    np.testing.assert_allclose(module, wanted, rtol=1e-6)
    quantized = np.load(tmp_path / "generate" / "golden" / "quantized.npy")
    assert 0 < np.abs(module - quantized).max() < 0.1


def test_a_graph_that_differs_changes_nothing_of_the_modules(tmp_path: Path) -> None:
    """Accuracy, predictions and golden outputs are those that the module gave, whatever it gave."""
    export_model(cnn, tmp_path)
    file = tmp_path / "export" / exported.TEST_FILE
    arrays = dict(np.load(file))
    outputs = arrays["outputs"] = -arrays["outputs"]
    arrays["labels"] = outputs.argmax(1)
    np.savez(file, **arrays)
    for name in ("quantize", "generate"):
        (tmp_path / name).mkdir()
    stages.quantize(tmp_path / "export", tmp_path / "quantize", {}, Progress())
    stages.generate(tmp_path / "quantize", tmp_path / "generate", Hardware(), {"inputs": 4})
    figures = json.loads((tmp_path / "quantize" / "accuracy.json").read_text())
    assert figures["float"] == 1.0
    assert figures["quantized"] == figures["same_prediction"] < 1.0
    module = np.load(tmp_path / "generate" / "golden" / "module.npy")
    np.testing.assert_array_equal(module, outputs[:4])


@pytest.mark.parametrize("batch", [1, 2])
def test_a_wrong_import_names_its_first_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    def slope_of_relu(found: Translation, call: object) -> None:
        found.elementwise(call, Pointwise(Epilogue(slope=0.101)))

    monkeypatch.setitem(importer.OPERATORS, "aten.leaky_relu.default", slope_of_relu)
    message = r"Layer '2' \(LeakyReLU\) computes a different result .*allowed.*report"
    with pytest.raises(ModelError, match=message):
        export_model(cnn, tmp_path, batch=batch)


def test_a_small_error_of_one_value_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def add_linear(found: Translation, call: object) -> None:
        original(found, call)
        name = found._nodes[-1].constants["bias"]
        found._values_of[name] = found._values_of[name] + np.eye(1, 5, 3, dtype=np.float32) / 4096

    original = importer.OPERATORS["aten.linear.default"]
    monkeypatch.setitem(importer.OPERATORS, "aten.linear.default", add_linear)
    with pytest.raises(ModelError, match=r"Layer 'layers.0' \(Linear\).*1 of 5 values differ"):
        export_model(
            lambda: Function(lambda x, one: one(x.flatten(1)).reshape(-1, 5), nn.Linear(90, 5)),
            tmp_path,
        )


def test_an_error_that_one_input_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outputs of all inputs are compared; layers are looked at where they differ."""

    def clamp_of_relu(found: Translation, call: object) -> None:
        found.elementwise(call, Pointwise(Epilogue(low=0.0, high=100.0)))

    monkeypatch.setitem(importer.OPERATORS, "aten.relu.default", clamp_of_relu)
    inputs = inputs_of()
    inputs[5] *= 1000
    with pytest.raises(ModelError, match=r"Layer '0' \(ReLU\) computes.*for test input 5, "):
        export_model(lambda: nn.Sequential(nn.ReLU(), nn.Flatten()), tmp_path, inputs, False)


class Counting(nn.Module):
    """Gives something else each time: the calls are counted in an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(90, 5)
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        y = self.layer(x.flatten(1))
        return y if self.calls % 2 else torch.relu(y)


class Averaging(nn.Module):
    """Keeps a running mean in evaluation mode too."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(90, 5)
        self.register_buffer("mean", torch.zeros(5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layer(x.flatten(1))
        self.mean.mul_(0.9).add_(y.detach().mean(0), alpha=0.1)
        return y + self.mean.expand_as(y)


class Forgetting(nn.Module):
    """What it learns besides its weights is in no state_dict."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(90, 5)
        self.slope = 0.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.slope += 0.1
        return nn.functional.leaky_relu(self.layer(x.flatten(1)), self.slope)


def test_a_module_that_gives_something_else_each_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"differ from those of the program.*state between calls"):
        export_model(Counting, tmp_path)


def test_a_module_that_changes_its_values_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"forward\(\) modifies 'mean' in evaluation mode"):
        export_model(Averaging, tmp_path)


def test_a_module_whose_checkpoint_is_not_all_of_it_is_refused_each_time(tmp_path: Path) -> None:
    training = {"steps": 4, "batch": 4}
    for _ in range(2):
        with pytest.raises(ModelError, match="keeps values outside its state_dict"):
            export_model(Forgetting, tmp_path, training=training)
    assert not list((tmp_path / "data").rglob("*.pt*"))


class Labeled(nn.Linear):
    def get_extra_state(self) -> dict[str, int]:
        return {"version": 1}


@pytest.mark.parametrize("settings", [{}, {"training": {"steps": 4, "batch": 4}}])
def test_a_state_that_is_no_tensor_is_refused(tmp_path: Path, settings: dict) -> None:
    with pytest.raises(ModelError, match=r"'1\._extra_state' in .* is a dict; expected"):
        export_model(lambda: nn.Sequential(nn.Flatten(), Labeled(90, 5)), tmp_path, **settings)


class Wrapper(nn.Module):
    """Its values are called as in a checkpoint of nn.DataParallel."""

    def __init__(self) -> None:
        super().__init__()
        self.module = nn.Linear(90, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.module(x.flatten(1))


def test_a_module_with_a_layer_called_module_is_trained(tmp_path: Path) -> None:
    export_model(Wrapper, tmp_path, training={"steps": 4, "batch": 4})


def test_values_that_were_kept_give_the_same_outputs(tmp_path: Path) -> None:
    training = {"steps": 20, "batch": 4}
    first, second = (export_model(cnn, tmp_path, training=training) for _ in range(2))
    np.testing.assert_array_equal(first.outputs, second.outputs)


def test_inputs_far_apart_in_size(tmp_path: Path) -> None:
    """Tolerances follow the values: neither large nor small ones are refused, nor unseen."""
    sizes = 10.0 ** np.linspace(-12, 12, COUNT).reshape(-1, 1, 1, 1)
    export_model(cnn, tmp_path, (inputs_of() * sizes).astype(np.float32))


@pytest.mark.parametrize("flattened", [False, True])
def test_a_batch_norm_whose_mean_and_bias_cancel_is_imported(
    tmp_path: Path, flattened: bool
) -> None:
    """What is left of them is mostly the rounding of PyTorch."""

    def make() -> nn.Module:
        norm = nn.BatchNorm1d(90) if flattened else nn.BatchNorm2d(3)
        with torch.no_grad():
            norm.running_mean.fill_(1000.0 / 3.0)
            norm.bias.fill_(1000.0 / 3.0)
        return nn.Sequential(nn.Flatten(), norm) if flattened else norm

    inputs = inputs_of() * np.float32(1e-4)
    export_model(make, tmp_path, inputs, labeled=False)


@pytest.mark.parametrize(("size", "value"), [(34, 0.3), (62, 0.7)])
def test_the_average_of_a_large_map_of_equal_pixels_is_imported(
    tmp_path: Path, size: int, value: float
) -> None:
    """PyTorch sums in another order than the graph, and roundings go in the same direction."""
    inputs = np.full((1, 2, size, size), value, np.float32)
    for layer in (nn.AdaptiveAvgPool2d(1), nn.AvgPool2d(size)):
        export_model(lambda layer=layer: layer, tmp_path, inputs, labeled=False)
