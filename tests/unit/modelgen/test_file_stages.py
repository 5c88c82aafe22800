"""The stages on models in files: what each writes, and that every bit is the runtime's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.terminal.progress import Progress
from modelgen import stages
from modelgen.errors import ModelError
from modelgen.hardware import Hardware
from modelgen.ir import files as graph_files
from modelgen.stages import contracts
from modelgen.stages.files import read_test_data
from tests.support.tflite_networks import write_network

HARDWARE = Hardware(array_size=4)


def project(folder: Path, *, text: str = "") -> Path:
    """Write a project whose model is in a file; return its folder."""
    mine = folder / "mine"
    mine.mkdir()
    write_network(mine / "net.tflite", 7)
    (mine / "project.py").write_text(f"model = 'net.tflite'\n{text}")
    return mine


def quantized(place: Path, out: Path, data: Path | None = None) -> Path:
    """Run the stages up to quantize; return the folder of the results."""
    for name in ("export", "quantize", "generate", "trace"):
        (out / name).mkdir(parents=True)
    stages.trace(place, out / "trace", out / "data", {"data": data})
    stages.export(place, out / "export", out / "data", Progress(), data_file=data)
    stages.quantize(out / "export", out / "quantize", {}, Progress())
    return out


def document(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def test_a_project_names_its_file(tmp_path: Path) -> None:
    out = quantized(project(tmp_path), tmp_path / "out")
    description = document(out / "export" / "project.json")
    assert description["file"] == "net.tflite" and description["data"] == "random inputs"
    assert description["runtime"].startswith("LiteRT")
    accuracy = document(out / "quantize" / "accuracy.json")
    assert accuracy["runtime"] == description["runtime"] and accuracy["same_prediction"] == 1.0
    assert accuracy["float"] is None, "labels are unknown"
    assert not (out / "quantize" / "quantized.pt2").exists()
    stages.generate(out / "quantize", out / "generate", HARDWARE, {"inputs": 2})
    model = document(out / "generate" / "model.json")
    assert model["contract"] == "tflite-reference"
    assert model["elements"] == {"input": "int8", "output": "int8"}
    golden = out / "generate" / "golden"
    outputs, runtimes = np.load(golden / "outputs.npy"), np.load(golden / "module.npy")
    np.testing.assert_array_equal(outputs, runtimes)
    assert outputs.dtype == runtimes.dtype == np.int8
    assert not (golden / "quantized.npy").exists() and not (golden / "tolerance.npy").exists()
    header = (out / "generate" / "src" / "model.hpp").read_text()
    assert "using Input = std::int8_t;" in header and "kOutputZeroPoint = -128;" in header


def test_a_file_needs_no_project(tmp_path: Path) -> None:
    shape = write_network(tmp_path / "net.tflite", 8)
    values = np.random.default_rng(0).integers(-128, 128, (3, *shape[1:]))
    np.savez(tmp_path / "x.npz", inputs=values, labels=[0, 1, 0])
    out = quantized(tmp_path / "net.tflite", tmp_path / "out", tmp_path / "x.npz")
    accuracy = document(out / "quantize" / "accuracy.json")
    assert accuracy["float"] == accuracy["quantized"] is not None
    assert (accuracy["samples"], accuracy["data"]) == (3, "x.npz")
    np.testing.assert_array_equal(read_test_data(out / "export").inputs[0], values)


def test_check_of_a_file(tmp_path: Path) -> None:
    write_network(tmp_path / "net.tflite", 9)
    found = stages.check_file(tmp_path / "net.tflite", HARDWARE, {})
    assert not found["problems"]
    assert {layer["place"] for layer in found["layers"]} == {"cpu", "engine"}
    assert found["total"]["macs"] > 0
    with pytest.raises(ModelError, match=r"'activations' of net is 'int8', but .* already"):
        stages.check_file(tmp_path / "net.tflite", HARDWARE, {"activations": "int8"})
    with pytest.raises(ModelError, match=r"'activations' of net\.tflite is 'int8', but .* already"):
        stages.export(
            tmp_path / "net.tflite",
            tmp_path,
            tmp_path,
            Progress(),
            precision={"activations": "int8"},
        )


def test_bits_that_differ_from_the_runtimes(tmp_path: Path) -> None:
    out = quantized(project(tmp_path), tmp_path / "out")
    graph, data = graph_files.load(out / "quantize"), read_test_data(out / "quantize")
    other = data.outputs.copy()
    other[1, 0] ^= 1
    message = r"1 of \d+ outputs differ from those of LiteRT.*contract tflite-reference.*input 1"
    with pytest.raises(ModelError, match=message):
        contracts.settled(graph, replace(data, outputs=other), "LiteRT", Progress())
    with pytest.raises(ModelError, match="The outputs are int8, those of LiteRT float32"):
        contracts.check_equal(other, other.astype(np.float32), graph, "LiteRT")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("settings = {'softmax': True}", "so softmax cannot apply"),
        ("settings = {'checkpoint': 'a.pt', 'training': {}}", "training and checkpoint cannot"),
        ("def train(model, data): pass", r"train\(\) cannot apply"),
        ("model = 'net.bin'", r"'model' in .* is 'net.bin'; expected .* ends with .tflite"),
        ("model = 'absent.tflite'", r"There is no .*absent\.tflite"),
    ],
)
def test_projects_that_change_their_file(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=message):
        quantized(project(tmp_path, text=text), tmp_path / "out")


def test_layers_are_compared_with_the_runtimes_tensors(tmp_path: Path) -> None:
    place = project(tmp_path)
    out = quantized(place, tmp_path / "out")
    found = stages.explain(place, out / "export", tmp_path, {})
    assert found["contract"] == "tflite-reference" and found["first_that_differs"] is None
    assert {layer["differing"] for layer in found["layers"]} - {None} == {0}
    # A layer is wrong, and so are those after it.
    graph = graph_files.load(out / "export")
    wrong = graph.nodes[0]
    constants = dict(graph.constants)
    constants[wrong.constants["bias"]] = constants[wrong.constants["bias"]] + 1000
    graph_files.save(replace(graph, constants=constants), out / "export")
    found = stages.explain(place, out / "export", tmp_path, {})
    assert found["first_that_differs"] == wrong.name
    differing = [layer for layer in found["layers"] if layer["differing"]]
    assert len(differing) > 1
    assert differing[0]["name"] == wrong.name and differing[0]["largest"] >= 1
