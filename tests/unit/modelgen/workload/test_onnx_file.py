"""Models in .onnx files: their module, inputs, and what ONNX Runtime computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from flows.terminal.progress import Progress
from modelgen import stages
from modelgen.errors import ModelError
from modelgen.stages.files import read_description, read_test_data
from modelgen.workload.onnx_file import OnnxFile
from modelgen.workload.project import load_project
from tests.support.onnx_models import model, random


def write(folder: Path, *, batch: int = 1, ids: bool = False) -> OnnxFile:
    """Write a small network; return its file."""
    node = onnx.helper.make_node
    x = np.zeros((batch, 3), np.int64) if ids else random(batch, 3, 6, 6)
    nodes = [node("Gather", ["table", "x"], ["y"])]
    if not ids:
        nodes = [
            node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
            node("Relu", ["c"], ["r"]),
            node("GlobalAveragePool", ["r"], ["y"]),
        ]
    fixed = {"table": random(5, 4)} if ids else {"w": random(4, 3, 3, 3)}
    onnx.save(model(nodes, {"x": x}, fixed=fixed), folder / "net.onnx")
    return OnnxFile(folder / "net.onnx")


def test_its_module_and_its_runtime_agree(tmp_path: Path) -> None:
    file = write(tmp_path, batch=2)
    assert (file.batch(), file.batch(3), file.inputs()) == (2, 3, ["x"])
    (values,) = file.random_data().test_arrays
    assert values.shape == (10, 3, 6, 6) and values.dtype == np.float32
    rows, name = file.run([values[:5]], 2, Progress())
    assert name.startswith("ONNX Runtime ") and rows.shape == (5, 4)
    again, _ = file.run([values[4:0:-1]], 2, Progress())
    np.testing.assert_array_equal(again, rows[4:0:-1])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no .*absent\.onnx"):
        OnnxFile(tmp_path / "absent.onnx").batch()


@pytest.mark.parametrize("is_project", [True, False])
def test_outputs_of_the_runtime_are_exported(is_project: bool, tmp_path: Path) -> None:
    file, out = write(tmp_path, batch=2), tmp_path / "out"
    place = file.path
    if is_project:
        (tmp_path / "project.py").write_text("model = 'net.onnx'\n")
        place = tmp_path
    assert load_project(place).settings.batch == 2
    out.mkdir()
    stages.export(place, out, tmp_path, Progress())
    description, data = read_description(out), read_test_data(out)
    assert description["file"] == "net.onnx" and description["weights"] == "file"
    assert description["runtime"].startswith("ONNX Runtime")
    wanted, _ = file.run(data.inputs, 2, Progress())
    np.testing.assert_array_equal(data.outputs, wanted)


def test_inputs_of_the_user(tmp_path: Path) -> None:
    file = write(tmp_path)
    values = random(4, 3, 6, 6, seed=5)
    np.savez(tmp_path / "x.npz", values=values, labels=[0, 1, 2, 3])
    data = load_project(file.path, tmp_path / "x.npz").data(tmp_path)
    np.testing.assert_array_equal(data.test_arrays[0], values)
    assert data.test_labels is not None
