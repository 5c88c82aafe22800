"""The stages on quantized ONNX files: every bit is ONNX Runtime's, or a note says otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from modelgen import stages
from modelgen.errors import ModelError
from modelgen.frontends.onnx.runtime import outputs_of
from modelgen.hardware import Hardware
from modelgen.ir import files as graph_files
from modelgen.ir.graph import Contract, Graph
from modelgen.progress import Silent
from modelgen.stages import contracts
from modelgen.stages.files import Samples, read_test_data
from modelgen.workload.onnx_file import OnnxFile
from tests.support.quantized_networks import write_quantized
from tests.support.quantized_onnx import LOWEST, Writer


class Notes(Silent):
    """Keeps what is noted."""

    def __init__(self) -> None:
        """Begin without notes."""
        self.texts: list[str] = []

    def note(self, text: str) -> None:
        """Keep a note."""
        self.texts.append(text)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with net.onnx and what the stages wrote."""
    root = tmp_path_factory.mktemp("quantized")
    write_quantized(root / "net.onnx", "residual")
    for name in ("trace", "check", "export", "quantize", "generate"):
        (root / name).mkdir()
    data = root / "data"
    stages.trace(root / "net.onnx", root / "trace", data, {})
    stages.check(root / "trace", root / "check", Hardware(), {})
    stages.export(root / "net.onnx", root / "export", data, Silent())
    stages.quantize(root / "export", root / "quantize", {}, Silent())
    stages.generate(root / "quantize", root / "generate", Hardware(), {"inputs": 2})
    return root


def document(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def test_every_bit_is_that_of_the_runtime(built: Path) -> None:
    model = document(built / "generate" / "model.json")
    assert model["contract"] == "onnxruntime"
    golden = built / "generate" / "golden"
    np.testing.assert_array_equal(np.load(golden / "outputs.npy"), np.load(golden / "module.npy"))
    accuracy = document(built / "quantize" / "accuracy.json")
    assert accuracy["runtime"].startswith("ONNX Runtime") and accuracy["same_prediction"] == 1.0
    assert not (built / "quantize" / "quantized.pt2").exists()


def test_layers_of_integers_run_on_the_engine(built: Path) -> None:
    layers = document(built / "generate" / "model.json")["layers"]
    assert {each["op"] for each in layers if each["place"] == "cpu"} == {"quantize", "dequantize"}
    # Sums are added by convolutions.
    assert not any(each["op"] == "add" for each in layers)


def test_check_costs_what_the_network_does(built: Path) -> None:
    found, model = document(built / "check" / "check.json"), built / "generate" / "model.json"
    assert not found["problems"]
    assert found["total"]["predicted_cycles"] == document(model)["predicted_cycles"]


def test_layers_are_compared_with_the_runtime(built: Path) -> None:
    found = stages.explain(built / "net.onnx", built / "export", built / "data", {})
    assert found["contract"] == "onnxruntime" and found["first_that_differs"] is None
    assert found["origin"].startswith("ONNX Runtime")
    compared = [layer for layer in found["layers"] if layer["differing"] is not None]
    assert len(compared) > 8
    assert all(layer["differing"] == 0 for layer in compared)


def test_tensors_that_the_runtime_hides(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnnxFile, "tensors", lambda *arguments: {})
    found = stages.explain(built / "net.onnx", built / "export", built / "data", {})
    assert found["origin"] == "the network in FP32, in PyTorch"
    assert found["first_that_differs"] is None
    compared = [layer for layer in found["layers"] if layer["differing"] is not None]
    assert len(compared) > 3
    assert all(layer["largest"] <= 2 for layer in compared[:-1])


def test_the_first_layer_that_differs_from_the_runtime(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = OnnxFile.tensors

    def wrong(*arguments: Any) -> dict[str, np.ndarray]:
        found = run(*arguments)
        found["Relu6_QuantizeLinear"] = found["Relu6_QuantizeLinear"] ^ 1
        return found

    monkeypatch.setattr(OnnxFile, "tensors", wrong)
    found = stages.explain(built / "net.onnx", built / "export", built / "data", {})
    assert found["first_that_differs"] == "Add5"


def test_layers_that_move_integers_are_compared(tmp_path: Path) -> None:
    write_quantized(tmp_path / "net.onnx", "mixed")
    (tmp_path / "export").mkdir()
    stages.export(tmp_path / "net.onnx", tmp_path / "export", tmp_path, Silent())
    found = stages.explain(tmp_path / "net.onnx", tmp_path / "export", tmp_path, {})
    largest = [layer["largest"] for layer in found["layers"] if layer["differing"] is not None]
    assert len(largest) > 10 and max(largest) <= 2


def changed(built: Path, by: float) -> tuple[Graph, Samples]:
    """Return graph and samples, of which one output is another."""
    graph, data = graph_files.load(built / "quantize"), read_test_data(built / "quantize")
    other = data.outputs.copy()
    other[1, 0] += by
    return graph, replace(data, outputs=other)


def test_models_with_other_bits_have_our_own_contract(built: Path) -> None:
    notes = Notes()
    graph, data = changed(built, 1e-3)
    found, outputs = contracts.settled(graph, data, "ONNX Runtime 1", notes)
    assert found.contract is Contract.EXACT and outputs.shape == data.outputs.shape
    (note,) = notes.texts
    assert note.startswith(f"1 of {outputs.size} outputs are not exactly those of ONNX Runtime 1")


def test_models_that_are_far_away_are_refused(built: Path) -> None:
    with pytest.raises(ModelError, match="differs from ONNX Runtime 1"):
        contracts.settled(*changed(built, 100.0), "ONNX Runtime 1", Silent())


@pytest.mark.parametrize("is_quantized", [True, False])
def test_settings_may_ask_for_integers_where_there_are_none(
    is_quantized: bool, tmp_path: Path
) -> None:
    write_quantized(tmp_path / "net.onnx", "mobile")
    name = "net.onnx" if is_quantized else "net.float.onnx"
    (tmp_path / "project.py").write_text(f"model = '{name}'\nsettings = {{'activations': 'int8'}}")
    for folder in ("export", "quantize"):
        (tmp_path / folder).mkdir()
    if is_quantized:
        with pytest.raises(ModelError, match="the model is quantized already"):
            stages.export(tmp_path, tmp_path / "export", tmp_path, Silent())
        return
    stages.export(tmp_path, tmp_path / "export", tmp_path, Silent())
    stages.quantize(tmp_path / "export", tmp_path / "quantize", {}, Silent())
    assert graph_files.load(tmp_path / "quantize").contract is Contract.EXACT
    found = stages.explain(tmp_path, tmp_path / "export", tmp_path, {})
    assert found["contract"] == "exact" and found["first_that_differs"] is None


@pytest.mark.parametrize("kind", LOWEST)
def test_files_with_inputs_and_outputs_of_8_bits(kind: str, tmp_path: Path) -> None:
    to = Writer(kind)
    x = to.dequantize(to.integers(1, 4), (0.02, 100))
    weight = to.weight(np.arange(-6, 6).astype(np.int8).reshape(3, 4), 0.05)
    to.returns(to.quantize(to.node("Gemm", x, weight, transB=1), (0.01, 90)))
    onnx.save(to.proto(), tmp_path / "net.onnx")
    for name in ("export", "quantize", "generate"):
        (tmp_path / name).mkdir()
    stages.export(tmp_path / "net.onnx", tmp_path / "export", tmp_path / "data", Silent())
    given = read_test_data(tmp_path / "export")
    assert given.inputs[0].dtype == kind and given.outputs.dtype == np.int8
    stages.quantize(tmp_path / "export", tmp_path / "quantize", {}, Silent())
    stages.generate(tmp_path / "quantize", tmp_path / "generate", Hardware(), {"inputs": 2})
    model = document(tmp_path / "generate" / "model.json")
    assert model["contract"] == "onnxruntime"
    assert model["elements"] == {"input": "int8", "output": "int8"}
    golden = np.load(tmp_path / "generate" / "golden" / "outputs.npy")
    (own,) = outputs_of(tmp_path / "net.onnx", dict.fromkeys(["x0"], given.inputs[0][:1]))
    np.testing.assert_array_equal(golden[0], own[0].astype(int) - LOWEST[kind] - 128)
    assert len(np.unique(golden)) > 3
    header = (tmp_path / "generate" / "src" / "model.hpp").read_text()
    assert "using Input = std::int8_t;" in header and "kInputZeroPoint = -28;" in header


def test_modules_that_differ_are_refused() -> None:
    runtime = np.float32([[1.0, -100.0]])
    near = runtime + np.float32(0.05)
    contracts.check_near(near, runtime, "ONNX Runtime")
    contracts.check_near(near + np.float32(5.0), runtime, "ONNX Runtime", has_integers=True)
    for wrong in (runtime + np.float32(0.2), runtime * np.float32(np.nan)):
        with pytest.raises(ModelError, match=r"differs from ONNX Runtime by .* up to 100"):
            contracts.check_near(wrong, runtime, "ONNX Runtime")
