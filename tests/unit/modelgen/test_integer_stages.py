"""The stages of a project with INT8 activations: from training to C++ and golden outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelgen import stages
from modelgen.errors import ModelError
from modelgen.hardware import Hardware
from modelgen.ir import files
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Contract
from modelgen.ir.packing import pack_inputs
from modelgen.progress import Silent
from modelgen.stages.files import read_test_data

PROJECT = """
import numpy as np
from torch import nn

from modelgen.workload.data import Data

settings = {settings}


def model():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 6, 3, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(54, 3),
    )


def data(folder):
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 200)
    x = random.normal(0, 0.5, (200, 1, 8, 8)).astype(np.float32)
    x[np.arange(200), 0, labels * 2] += 1.0
    training = (x[60:], labels[60:]) if {trains} else ()
    return Data("bars", x[:60], labels[:60], *training)
"""
SETTINGS = {
    "inputs": 2,
    "softmax": True,
    "activations": "int8",
    "bias_correction": True,
    "layers": {"3": {"weights": "int4"}},
    "training": {"steps": 120, "batch": 32},
    "qat": {"steps": 5, "batch": 16},
}


def exported(
    root: Path,
    settings: dict[str, Any],
    *,
    trains: bool = True,
    precision: dict[str, str] | None = None,
) -> Path:
    project = root / "bars"
    project.mkdir()
    (project / "project.py").write_text(PROJECT.format(settings=settings, trains=trains))
    stages.export(project, root / "export", root / "data", Silent(), precision=precision)
    return root


def quantized(root: Path) -> Path:
    folder = root / "quantize"
    folder.mkdir()
    stages.quantize(root / "export", folder, {}, Silent())
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with export/, quantize/ and generate/."""
    root = exported(tmp_path_factory.mktemp("integers"), SETTINGS)
    (root / "generate").mkdir()
    stages.generate(quantized(root), root / "generate", Hardware(), {})
    return root


def test_the_network_is_on_integers(built: Path) -> None:
    graph = files.load(built / "quantize")
    assert graph.contract is Contract.EXACT
    kinds = {node.name: node.operator.name for node in graph.nodes}
    assert kinds["0"] == kinds["3"] == "integer_conv2d"
    assert kinds["6"] == "integer_linear" and kinds["softmax"] == "softmax"
    largest = {
        node.name: int(np.abs(graph.arrays(node)["weight"]).max())
        for node in graph.nodes
        if "weight" in node.constants
    }
    assert largest == {"0": 127, "3": 7, "6": 127}
    # PyTorch could not compute it.
    assert not (built / "quantize" / "quantized.pt2").exists()


def test_accuracies_are_measured(built: Path) -> None:
    accuracy = json.loads((built / "quantize" / "accuracy.json").read_text())
    assert accuracy["float"] > 0.9 and accuracy["quantized"] > 0.9
    compared = accuracy["comparison"]
    precisions = [(each["activations"], each["weights"]) for each in compared["variants"]]
    assert precisions == [("fp32", "int8"), ("fp32", "int4"), ("int8", "int8"), ("int8", "int4")]
    ratios = [each["signal_to_noise"] for each in compared["variants"]]
    assert ratios[0] > ratios[2] > ratios[3]
    for bits in ("int8", "int4"):
        assert [each["layer"] for each in compared["sensitivity"][bits]] == ["0", "3", "6"]


def test_golden_outputs_are_those_of_the_graph(built: Path) -> None:
    golden = built / "generate" / "golden"
    graph, data = files.load(built / "quantize"), read_test_data(built / "quantize")
    expected = run_graph(graph, pack_inputs(graph, data.inputs)[:2])
    np.testing.assert_allclose(np.load(golden / "outputs.npy"), expected, atol=1e-6)
    assert (built / "generate" / "src").is_dir()


def test_check_costs_what_the_network_does(built: Path) -> None:
    for name in ("trace", "check"):
        (built / name).mkdir()
    stages.trace(built / "bars", built / "trace", built / "data", {})
    stages.check(built / "trace", built / "check", Hardware(), {})
    found = json.loads((built / "check" / "check.json").read_text())
    model = json.loads((built / "generate" / "model.json").read_text())
    assert not found["problems"]
    assert [each["op"] for each in found["layers"]] == [each["op"] for each in model["layers"]]
    assert found["total"]["predicted_cycles"] == pytest.approx(model["predicted_cycles"], rel=0.02)


@pytest.fixture(scope="module")
def on_bytes(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with quantize/ and generate/ of the same network, with INT8 inputs and outputs."""
    root = tmp_path_factory.mktemp("bytes")
    for name in ("quantize", "generate"):
        (root / name).mkdir()
    options = {"interface": "int8"}
    stages.quantize(built / "export", root / "quantize", options, Silent())
    stages.generate(root / "quantize", root / "generate", Hardware(), {})
    return root


def test_an_interface_of_integers(built: Path, on_bytes: Path) -> None:
    graph = files.load(on_bytes / "quantize")
    # Nothing is converted, and the softmax is on integers.
    assert [node.operator.name for node in graph.nodes if node.operator.takes_time] == [
        "integer_conv2d",
        "integer_conv2d",
        "integer_linear",
        "integer_softmax",
    ]
    header = (on_bytes / "generate" / "src" / "model.hpp").read_text()
    assert "using Input = std::int8_t;" in header and "using Output = std::int8_t;" in header
    assert "kInputScale = " in header and "kOutputZeroPoint = -128;" in header
    own, outer = (read_test_data(root / "quantize") for root in (on_bytes, built))
    assert own.inputs[0].dtype == np.int8 and outer.inputs[0].dtype == np.float32
    np.testing.assert_array_equal(own.outputs, outer.outputs)


def test_integers_are_near_the_numbers(built: Path, on_bytes: Path) -> None:
    figures = [
        json.loads((root / "quantize" / "accuracy.json").read_text()) for root in (built, on_bytes)
    ]
    assert figures[0]["float"] == figures[1]["float"] and figures[1]["quantized"] > 0.9
    golden = on_bytes / "generate" / "golden"
    outputs, module = (np.load(golden / f"{name}.npy") for name in ("outputs", "module"))
    shares = np.load(built / "generate" / "golden" / "outputs.npy")
    assert outputs.dtype == np.int8 and module.dtype == np.float32
    # Shares of softmax in steps of 1/256 from -128 on; of the module, not rounded.
    np.testing.assert_allclose((outputs + 128.0) / 256, shares, atol=0.02)
    np.testing.assert_allclose(module, outputs, atol=5)
    assert not np.array_equal(module, np.rint(module))


def test_layers_of_both_are_explained(built: Path) -> None:
    options = {"interface": "int8"}
    found = stages.explain(built / "bars", built / "export", built / "data", options)
    ratios = {layer["name"]: layer["sqnr"] for layer in found["layers"] if layer["differing"]}
    # The network before quantization rounds to the same integers.
    assert all(ratio > 40 for ratio in ratios.values())
    assert {layer["name"] for layer in found["layers"]} >= {"0", "3", "6", "softmax"}


def test_an_interface_of_integers_needs_integers(built: Path, tmp_path: Path) -> None:
    options = {"interface": "int8", "activations": "fp32"}
    with pytest.raises(ModelError, match=r"'interface' is 'int8'.*but 'activations' is 'fp32'"):
        stages.quantize(built / "export", tmp_path, options, Silent())


def test_nothing_is_calibrated_for_fp32(tmp_path: Path) -> None:
    settings = {"training": {"steps": 5}, "weights": "int4"}
    root = exported(tmp_path, settings)
    assert not (root / "export" / "calibration.npz").exists()
    folder = quantized(root)
    assert json.loads((folder / "accuracy.json").read_text())["comparison"] is None
    graph = files.load(folder)
    assert graph.contract is Contract.FP32
    for node in graph.nodes:
        if "weight" in node.constants:
            assert np.abs(graph.arrays(node)["weight"]).max() == 7


def test_options_override_settings(tmp_path: Path) -> None:
    root = exported(tmp_path, {"training": {"steps": 5}}, precision={"activations": "int8"})
    folder = root / "quantize"
    folder.mkdir()
    stages.quantize(root / "export", folder, {"activations": "int8"}, Silent())
    assert files.load(folder).contract is Contract.EXACT
    for name in ("trace", "check"):
        (root / name).mkdir()
    stages.trace(root / "bars", root / "trace", root / "data", {})
    stages.check(root / "trace", root / "check", Hardware(), {"activations": "int8"})
    found = json.loads((root / "check" / "check.json").read_text())
    assert found["layers"][0]["op"] == "quantize"


def test_test_inputs_calibrate_where_there_are_no_others(tmp_path: Path) -> None:
    root = exported(tmp_path, {"activations": "int8", "calibration_inputs": 9}, trains=False)
    with np.load(root / "export" / "calibration.npz") as archive:
        assert archive["input0"].shape == (9, 1, 8, 8)


def test_training_needs_labels(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'qat' needs training inputs with labels"):
        exported(tmp_path, {"activations": "int8", "qat": {"steps": 2}}, trains=False)


QUANTIZED = """
import numpy as np
import torch
import torch.ao.quantization.fx._decomposed
from torch import nn

from modelgen.workload.data import Data

LIMITS = (-128, 127, torch.int8)


def both(x, scale, zero_point):
    ops = torch.ops.quantized_decomposed
    x = ops.quantize_per_tensor(x, scale, zero_point, *LIMITS)
    return ops.dequantize_per_tensor(x, scale, zero_point, *LIMITS)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        weight = torch.randint(-127, 128, (3, 8)).to(torch.int8)
        self.register_buffer("weight", weight)
        self.register_buffer("scales", torch.tensor([0.01, 0.02, 0.005]))
        self.register_buffer("zeros", torch.zeros(3, dtype=torch.int64))

    def forward(self, x):
        weight = torch.ops.quantized_decomposed.dequantize_per_channel(
            self.weight, self.scales, self.zeros, 0, *LIMITS
        )
        x = nn.functional.linear(both(x, 0.03, 5), weight)
        return both(torch.relu(x), 0.05, -128)


def model():
    return Network()


def data(folder):
    return Data("noise", np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32))
"""


def test_modules_may_be_quantized_already(tmp_path: Path) -> None:
    (tmp_path / "quantized").mkdir()
    (tmp_path / "quantized" / "project.py").write_text(QUANTIZED)
    stages.export(tmp_path / "quantized", tmp_path / "export", tmp_path / "data", Silent())
    folder = quantized(tmp_path)
    graph = files.load(folder)
    assert graph.contract is Contract.EXACT
    kinds = [node.operator.name for node in graph.nodes]
    assert kinds == ["quantize", "integer_linear", "dequantize"]
    assert json.loads((folder / "accuracy.json").read_text())["same_prediction"] == 1.0
    (tmp_path / "generate").mkdir()
    stages.generate(folder, tmp_path / "generate", Hardware(), {})
    outputs, module = (
        np.load(tmp_path / "generate" / "golden" / f"{name}.npy") for name in ("outputs", "module")
    )
    assert np.abs(outputs - module).max() < 0.051
