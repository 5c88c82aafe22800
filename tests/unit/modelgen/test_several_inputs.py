"""Models with several inputs and outputs through the stages, up to golden outputs and sources."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from modelgen import stages
from modelgen.errors import ModelError
from modelgen.hardware import Hardware
from modelgen.progress import Silent
from modelgen.workload.project import load_project

PROJECT = """
import numpy as np
import torch
from torch import nn

from modelgen.workload.data import Data

settings = {"inputs": 4, "batch": BATCH, "metric": "error"}


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3, padding=1)
        self.words = nn.Linear(5, 4)

    def forward(self, image, words, scale):
        maps = self.conv(image)
        found = self.words(words) * scale
        return {"maps": maps, "rest": [None, (found, words)]}


def model():
    torch.manual_seed(1)
    return Both()


def data(folder):
    draw = np.random.default_rng(0)
    image = draw.standard_normal((5, 2, 4, 3), np.float32)
    words = draw.integers(-3, 4, (5, 5)).astype(np.int16)
    return Data("pairs", [image, words, np.array([[1], [2], [3], [4], [5]])])


def metric(outputs, data):
    maps, found, words = outputs
    assert maps.shape == (5, 3, 4, 3) and found.shape == (5, 4)
    assert [values.dtype.name for values in data.test_inputs] == TYPES
    return float(np.abs(words - data.test_inputs[1]).max()) + np.abs(found).mean()
"""
TYPES = ["float32", "float32", "int64"]
"""The second input is the linear layer's, which takes no integers."""


def build(tmp_path: Path, batch: int, **changes: str) -> Path:
    text = PROJECT.replace("TYPES", repr(TYPES))
    for old, new in {"BATCH": str(batch), **changes}.items():
        assert old in text
        text = text.replace(old, new)
    folder = tmp_path / "pairs"
    for name in (".", "export", "quantize", "generate"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "project.py").write_text(text)
    stages.export(folder, folder / "export", tmp_path, Silent())
    stages.quantize(
        folder / "export", folder / "quantize", {"device": "cpu"}, Silent(), folder, tmp_path
    )
    stages.generate(folder / "quantize", folder / "generate", Hardware(), {"inputs": None})
    return folder


@pytest.mark.parametrize("batch", [1, 3])
def test_every_stage(tmp_path: Path, batch: int) -> None:
    folder = build(tmp_path, batch)
    golden = folder / "generate" / "golden"
    outputs, module = (np.load(golden / f"{name}.npy") for name in ("outputs", "module"))
    samples = 4 if batch == 1 else 6
    assert outputs.shape == module.shape == (samples, 36 + 4 + 5)
    np.testing.assert_allclose(outputs, module, atol=0.05)
    np.testing.assert_array_equal(outputs[:, 40:], module[:, 40:], "a copy of an input")
    project = load_project(folder)
    image, words, scale = project.data(tmp_path).test_arrays
    with torch.no_grad():
        arrays = torch.from_numpy(image), torch.from_numpy(words).float(), torch.from_numpy(scale)
        wanted = project.build_model()(*arrays)
    chosen = [0, 1, 2, 3] if batch == 1 else [0, 1, 2, 3, 4, 0]
    maps, found = wanted["maps"].flatten(1).numpy(), wanted["rest"][1][0].numpy()
    np.testing.assert_allclose(module[:, :36], maps[chosen], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(module[:, 36:40], found[chosen], rtol=1e-5, atol=1e-6)


def test_what_later_stages_are_told(tmp_path: Path) -> None:
    folder = build(tmp_path, 3)
    description = json.loads((folder / "generate" / "model.json").read_text())
    assert description["outputs"] == [36, 4, 5]
    assert description["network"]["inputs"] == ["image", "words", "scale"]
    accuracy = json.loads((folder / "quantize" / "accuracy.json").read_text())
    assert 0 < accuracy["metric"]["float"] == pytest.approx(accuracy["metric"]["quantized"], 0.05)
    header = (folder / "generate" / "src" / "model.hpp").read_text()
    assert "values of one inference: image (3 x 4 x 3 x 2), then words (3 x 5), then" in header
    for name, first in (("Image", 0), ("Words", 72), ("Scale", 87)):
        assert f"inline constexpr std::size_t k{name}Offset = {first};" in header
    assert "Offset = 108;" in header and "Offset = 120;" in header
    main = (folder / "generate" / "src" / "main.cpp").read_text()
    assert "kClasses" not in main and "print_output" in main


def test_the_quantized_model_takes_and_gives_what_the_module_does(tmp_path: Path) -> None:
    folder = build(tmp_path, 3)
    program = torch.export.load(folder / "quantize" / "quantized.pt2").module()
    image, words, scale = load_project(folder).data(tmp_path).test_arrays
    given = torch.from_numpy(image[:3]), torch.from_numpy(words[:3]).float()
    found = program(*given, torch.from_numpy(scale[:3]))
    quantized = np.load(folder / "generate" / "golden" / "quantized.npy")[:3]
    got = np.concatenate([output.detach().numpy().reshape(3, -1) for output in found], axis=1)
    np.testing.assert_allclose(got, quantized, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"metric": "error"', '"softmax": True', "softmax.* but the model returns 3 tensors"),
        ("[[1], [2], [3], [4], [5]])])", "[[1]] * 5)], [0] * 5)", "3 tensors, so its outputs do"),
    ],
)
def test_what_needs_a_single_output(tmp_path: Path, old: str, new: str, message: str) -> None:
    without_metric = {"def metric(": "def unused(", '"metric": "error"': '"inputs": 4'}
    changes = without_metric if old not in without_metric else {"def metric(": "def unused("}
    with pytest.raises(ModelError, match=message):
        build(tmp_path, 1, **changes, **{old: new})


def test_without_a_metric_nothing_is_measured(tmp_path: Path) -> None:
    changes = {"def metric(": "def unused(", '"metric": "error"': '"device": "cpu"'}
    folder = build(tmp_path, 1, **changes)
    accuracy = json.loads((folder / "quantize" / "accuracy.json").read_text())
    assert accuracy["metric"] is accuracy["same_prediction"] is accuracy["float"] is None


def test_a_wrong_number_of_inputs(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot take inputs of the shapes 1x2x4x3 and 1x5: .*"):
        build(tmp_path, 1, **{", np.array([[1], [2], [3], [4], [5]])": ""})


def test_the_check_before_any_training(tmp_path: Path) -> None:
    folder = build(tmp_path, 3)
    (folder / "check").mkdir()
    (folder / "trace").mkdir()
    stages.trace(folder, folder / "trace", tmp_path, {})
    stages.check(folder / "trace", folder / "check", Hardware(), {})
    found = json.loads((folder / "check" / "check.json").read_text())
    assert found["problems"] == [] and found["inputs"] == 4
    built = json.loads((folder / "generate" / "model.json").read_text())
    assert [layer["name"] for layer in found["layers"]] == [
        layer["name"] for layer in built["layers"]
    ]
