"""The task `check` of projects, exported programs, and models of ONNX and TFLite."""

from __future__ import annotations

import io
from pathlib import Path

import onnx
import pytest
import torch
from torch import nn

from flows import config
from flows.stages import model_check
from flows.stages.options import Options
from flows.terminal.progress import Terminal
from modelgen.errors import ModelError
from tests.support.onnx_models import one, random
from tests.support.tflite_floats import FloatWriter
from tests.support.tflite_networks import write_network


class Sorted(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sort(x)[0]


def checked(path: Path, model: nn.Module, **options: object) -> tuple[dict, str]:
    torch.export.save(torch.export.export(model.eval(), (torch.zeros(1, 8),)), path)
    stream = io.StringIO()
    chosen = Options(str(path), config.DEFAULT_PATH, **options)
    return model_check.run(path.parent, chosen, Terminal(stream)), stream.getvalue()


def test_an_exported_program(tmp_path: Path) -> None:
    result, text = checked(
        tmp_path / "net.pt2", nn.Sequential(nn.Linear(8, 4), nn.Tanh()), inputs=3
    )
    found = result["check"]
    assert found["can_be_built"] and found["name"] == "net"
    assert [layer["place"] for layer in found["layers"]] == ["engine", "cpu"]
    assert found["memory"]["parts"]["test inputs and outputs"] == 3 * 4 * (8 + 4)
    assert text.endswith("The model can be built.\n")


def test_an_exported_program_that_cannot_be_built(tmp_path: Path) -> None:
    result, text = checked(tmp_path / "net.pt2", Sorted())
    assert not result["check"]["can_be_built"]
    (problem,) = result["check"]["problems"]
    assert problem["operators"] == ["sort"]
    assert problem["message"] in text


@pytest.mark.parametrize("batch", [None, 3])
def test_an_onnx_model(tmp_path: Path, batch: int | None) -> None:
    x = random(1, 8)
    proto = one("Gemm", {"x": x}, {"w": random(8, 4), "b": random(4)})
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(proto, tmp_path / "net.onnx")
    stream = io.StringIO()
    chosen = Options(str(tmp_path / "net.onnx"), config.DEFAULT_PATH, batch=batch)
    found = model_check.run(tmp_path, chosen, Terminal(stream))["check"]
    assert (found["can_be_built"], found["name"]) == (True, "net")
    assert [(layer["name"], layer["place"]) for layer in found["layers"]] == [("node", "engine")]
    assert found["layers"][0]["shape"] == f"{batch or 1} x 8 -> 4"
    assert stream.getvalue().endswith("The model can be built.\n")


def test_an_onnx_model_that_cannot_be_built(tmp_path: Path) -> None:
    onnx.save(one("Det", {"x": random(2, 3, 3)}), tmp_path / "net.onnx")
    stream = io.StringIO()
    chosen = Options(str(tmp_path / "net.onnx"), config.DEFAULT_PATH)
    found = model_check.run(tmp_path, chosen, Terminal(stream))["check"]
    assert not found["can_be_built"]
    assert found["problems"] == [
        {
            "message": "Layer 'node' (Det) is not supported.",
            "layer": "node",
            "operators": ["Det"],
            "line": "",
        }
    ]
    assert "Layer 'node' (Det) is not supported." in stream.getvalue()


def tflite_model(operator: str) -> bytes:
    """Return a file of an operator and a linear layer, with an open batch."""
    writer = FloatWriter()
    x = writer.given(random(1, 8), "x", signature=(-1, 8))
    constants = [writer.constant(random(4, 8)), writer.constant(random(4))]
    y = writer.made("FULLY_CONNECTED", [writer.made(operator, [x]), *constants])
    writer.rename(y, "dense/MatMul;dense/BiasAdd")
    return writer.bytes(y)


@pytest.mark.parametrize("batch", [None, 3])
def test_a_tflite_model(tmp_path: Path, batch: int | None) -> None:
    (tmp_path / "net.tflite").write_bytes(tflite_model("ABS"))
    chosen = Options(str(tmp_path / "net.tflite"), config.DEFAULT_PATH, batch=batch)
    found = model_check.run(tmp_path, chosen, Terminal(io.StringIO()))["check"]
    assert (found["can_be_built"], found["name"], found["batch"]) == (True, "net", batch or 1)
    assert found["layers"][-1]["name"] == "dense/MatMul"
    assert found["layers"][-1]["shape"] == f"{batch or 1} x 8 -> 4"


def test_a_tflite_model_that_cannot_be_built(tmp_path: Path) -> None:
    (tmp_path / "net.tflite").write_bytes(tflite_model("UNIQUE"))
    chosen = Options(str(tmp_path / "net.tflite"), config.DEFAULT_PATH)
    found = model_check.run(tmp_path, chosen, Terminal(io.StringIO()))["check"]
    assert not found["can_be_built"]
    (problem,) = found["problems"]
    assert problem["message"] == "Layer 't3' (UNIQUE) is not supported."
    assert (problem["layer"], problem["operators"]) == ("t3", ["UNIQUE"])


def test_a_tflite_model_of_integers(tmp_path: Path) -> None:
    write_network(tmp_path / "net.tflite", 1)
    chosen = Options(str(tmp_path / "net.tflite"), config.DEFAULT_PATH)
    found = model_check.run(tmp_path, chosen, Terminal(io.StringIO()))["check"]
    assert found["can_be_built"]
    assert {layer["place"] for layer in found["layers"]} == {"cpu", "engine"}
    wrong = Options(str(tmp_path / "net.tflite"), config.DEFAULT_PATH, batch=found["batch"] + 1)
    with pytest.raises(ModelError, match=f"takes {found['batch']} inputs per inference, not"):
        model_check.run(tmp_path, wrong, Terminal(io.StringIO()))


def test_a_project_is_a_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = {
        "total": 2,
        "available": 1,
        "arena": 0,
        "arena_available": None,
        "buffer_words": 256,
        "buffer_words_available": 256,
    }

    def stage(root: Path, options: Options, target: str, terminal: Terminal) -> dict:
        assert (root, options.project, target) == (tmp_path, "mnist", "check")
        return {"stages": [target], "check": {"problems": [], "memory": memory}}

    monkeypatch.setattr(model_check, "run_stage", stage)
    result = model_check.run(
        tmp_path, Options("mnist", config.DEFAULT_PATH), Terminal(io.StringIO())
    )
    assert result["stages"] == ["check"]
    assert result["check"]["can_be_built"] is False
