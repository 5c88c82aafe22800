"""The stages of the compiler on a small project: files, options, and what does not fit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from flows.repository import ROOT
from flows.terminal.progress import Progress
from modelgen import stages
from modelgen.errors import ModelError
from modelgen.hardware import Hardware

PROJECT = """
import numpy as np
from torch import nn

from modelgen.workload.data import Data

settings = {
    "inputs": 5, "batch": 2, "softmax": True, "training": {"steps": 200, "batch": 16}
}


def model():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(12, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3)
    )


def data(folder):
    random = np.random.default_rng(0)
    x = random.standard_normal((90, 3, 4)).astype(np.float32)
    y = x[:, :, 0].argmax(axis=1)
    return Data("peaks", x[:30], y[:30], x[30:], y[30:], "Made up.")
"""


class Notes(Progress):
    """Collects what the stages tell."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with export/, quantize/ and generate/."""
    root = tmp_path_factory.mktemp("stages")
    (root / "peaks").mkdir()
    (root / "peaks" / "project.py").write_text(PROJECT)
    run(root, root)
    return root


TEST_DATA = ("inputs", "expected")


def run(root: Path, out: Path) -> None:
    for name in ("export", "quantize", "generate"):
        (out / name).mkdir(parents=True)
    stages.export(root / "peaks", out / "export", root / "data", Notes())
    stages.quantize(out / "export", out / "quantize", {}, Notes())
    stages.generate(out / "quantize", out / "generate", Hardware(), {"inputs": None})


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for stage in ("export", "quantize", "generate")
        for path in sorted((folder / stage).rglob("*"))
        if path.is_file() and path.name != "project.json"
    }


def test_the_same_again_gives_the_same_bytes(built: Path) -> None:
    run(built, built / "again")
    assert files_of(built) == files_of(built / "again")
    origin = json.loads((built / "again" / "export" / "project.json").read_text())["weights"]
    assert origin == "trained before"


def test_accuracy_is_recorded(built: Path) -> None:
    document = json.loads((built / "quantize" / "accuracy.json").read_text())
    assert document["samples"] == 30
    assert document["float"] > 0.6
    assert abs(document["float"] - document["quantized"]) < 0.1
    assert document["data"] == "peaks test set"


def test_golden_outputs(built: Path) -> None:
    golden = built / "generate" / "golden"
    names = ("outputs", "quantized", "module")
    outputs, quantized, module = (np.load(golden / f"{name}.npy") for name in names)
    # Five inputs, in batches of two: six.
    assert outputs.shape == quantized.shape == module.shape == (6, 3)
    assert np.load(golden / "labels.npy").shape == (6,)
    assert (np.abs(outputs - quantized) <= np.load(golden / "tolerance.npy")).all()
    np.testing.assert_allclose(outputs, module, atol=0.05)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-6)
    expected = np.frombuffer((built / "generate" / "src" / "expected.bin").read_bytes(), "<f4")
    np.testing.assert_array_equal(expected, outputs.reshape(-1))


def test_model_description(built: Path) -> None:
    document = json.loads((built / "generate" / "model.json").read_text())
    assert [layer["place"] for layer in document["layers"]] == ["engine", "engine", "cpu"]
    assert [layer["name"] for layer in document["layers"]] == ["1", "4", "softmax"]
    assert [layer["label"] for layer in document["layers"]] == ["1 (+ 2)", "4", "softmax"]
    assert [layer["fused"] for layer in document["layers"]] == [["2"], [], []]
    assert document["layers"][0]["shape"] == "2 x 12 -> 16"
    assert (document["inputs"], document["inferences"], document["batch"]) == (6, 3, 2)
    assert document["limit_cycles"] > 0
    assert str(built) not in json.dumps(document)


def test_notes_are_told(built: Path) -> None:
    notes = Notes()
    (built / "told").mkdir()
    stages.export(built / "peaks", built / "told", built / "data", notes)
    assert notes.notes == ["Made up."]


def test_number_of_inputs_can_be_chosen(built: Path, tmp_path: Path) -> None:
    stages.generate(built / "quantize", tmp_path, Hardware(array_size=4), {"inputs": 2})
    assert np.load(tmp_path / "golden" / "outputs.npy").shape == (2, 3)


def test_more_inputs_than_there_are(built: Path, tmp_path: Path) -> None:
    stages.generate(built / "quantize", tmp_path, Hardware(), {"inputs": 1000})
    assert np.load(tmp_path / "golden" / "outputs.npy").shape == (30, 3)


def test_memory_too_small(built: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"\d+ bytes are missing.*memory\.bank_kib"):
        stages.generate(built / "quantize", tmp_path, Hardware(memory_bytes=9216), {})


def test_matmul_program(tmp_path: Path) -> None:
    stages.linear((40, 30), 20, Hardware(array_size=16), tmp_path)
    document = json.loads((tmp_path / "model.json").read_text())
    assert document["layers"][0]["shape"] == "20 x 40 -> 30"
    assert np.load(tmp_path / "golden" / "outputs.npy").shape == (20, 30)
    assert "engine::matmul(" in (tmp_path / "src" / "model.cpp").read_text()


def test_linear_program(tmp_path: Path) -> None:
    stages.linear((30, 20, 10), 5, Hardware(), tmp_path, softmax=True)
    document = json.loads((tmp_path / "model.json").read_text())
    assert [layer["op"] for layer in document["layers"]] == ["linear, ReLU", "linear", "softmax"]
    outputs = np.load(tmp_path / "golden" / "outputs.npy")
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-6)
    assert outputs.max() < 0.99


def check(project: Path, out: Path, hardware: Hardware, **options: object) -> dict:
    (out / "trace").mkdir(parents=True)
    stages.trace(project, out / "trace", out / "data", {})
    stages.check(out / "trace", out, hardware, options)
    return json.loads((out / "check.json").read_text())


def test_check_agrees_with_the_build_but_trains_nothing(built: Path, tmp_path: Path) -> None:
    found = check(built / "peaks", tmp_path / "out", Hardware())
    model = json.loads((built / "generate" / "model.json").read_text())
    assert found["problems"] == []
    for ours, theirs in zip(found["layers"], model["layers"], strict=True):
        assert ours == {key: theirs[key] for key in ours}
    assert found["total"]["predicted_cycles"] == model["predicted_cycles"]
    parts = found["memory"]["parts"]
    assert parts["weights"] == model["weight_bytes"]
    assert parts["arena"] == found["memory"]["arena"] == model["arena_bytes"]
    data = sum((built / "generate/src" / f"{name}.bin").stat().st_size for name in TEST_DATA)
    assert parts["test inputs and outputs"] == data
    assert found["memory"]["total"] == sum(parts.values())
    assert not (tmp_path / "out" / "data" / "checkpoints").exists()


def test_the_check_of_a_traced_model_needs_no_pytorch(built: Path, tmp_path: Path) -> None:
    check(built / "peaks", tmp_path / "out", Hardware())
    program = (
        "import sys; from pathlib import Path; from modelgen import stages; "
        "from modelgen.hardware import Hardware; "
        "stages.check(Path('out/trace'), Path('.'), Hardware(), {}); "
        "assert 'torch' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)
    again, first = (tmp_path / place / "check.json" for place in (".", "out"))
    assert again.read_text() == first.read_text()


def test_there_are_no_more_inputs_than_the_test_set_has(built: Path, tmp_path: Path) -> None:
    with np.load(built / "export" / "test.npz") as archive:
        available = len(archive["outputs"])
    for asked, wanted in ((available - 1, available - 1), (available + 1, available)):
        found = check(built / "peaks", tmp_path / str(asked), Hardware(), inputs=asked)
        assert found["inputs"] == wanted


def test_check_says_what_the_hardware_lacks(built: Path, tmp_path: Path) -> None:
    hardware = Hardware(memory_bytes=9216, arena_bytes=4)
    found = check(built / "peaks", tmp_path / "out", hardware)
    assert len(found["layers"]) == 3, "it is shown all the same"
    memory = found["memory"]
    assert (memory["available"], memory["arena_available"]) == (9216, 4)
    assert memory["total"] > 9216 and memory["arena"] > 4


def test_check_says_all_that_is_wrong(built: Path, tmp_path: Path) -> None:
    text = (built / "peaks" / "project.py").read_text()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "project.py").write_text(
        text.replace("nn.ReLU()", "nn.RReLU(), nn.RReLU()")
    )
    found = check(tmp_path / "odd", tmp_path / "out", Hardware())
    assert [problem["layer"] for problem in found["problems"]] == ["2", "3"]
    assert all("is not supported" in problem["message"] for problem in found["problems"])
    assert found["layers"] == [] and found["memory"] is None
