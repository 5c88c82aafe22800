"""Models in .tflite files of FP32: their module, inputs, and what LiteRT computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flows.terminal.progress import Progress
from modelgen import stages
from modelgen.errors import ModelError
from modelgen.frontends.tflite.runtime import Reference
from modelgen.stages.files import read_description, read_test_data
from modelgen.workload.float_tflite_file import FloatTfliteFile
from modelgen.workload.model_file import LocalFile
from modelgen.workload.project import load_project
from tests.support.tflite_floats import FloatWriter, random
from tests.support.tflite_networks import write_network

X = random(1, 8, 8, 3)


def write(folder: Path, *, batch: int = 1) -> FloatTfliteFile:
    """Write a small network whose file leaves the batch open; return its file."""
    writer = FloatWriter()
    x = writer.given(X[:batch], "input", signature=(-1, 8, 8, 3))
    weights = [writer.constant(random(*shape)) for shape in ((8, 3, 3, 3), (8,))]
    c = writer.made("CONV_2D", [x, *weights], strideH=2, strideW=2, fusedActivationFunction=1)
    axes = writer.constant(np.array([1, 2], np.int32))
    (folder / "net.tflite").write_bytes(writer.bytes(writer.made("MEAN", [c, axes])))
    return FloatTfliteFile(folder / "net.tflite")


def test_its_module_and_its_runtime_agree(tmp_path: Path) -> None:
    file = write(tmp_path)
    assert file.is_float and file.inputs() == ["input"]
    assert (file.batch(), file.batch(3)) == (1, 3)
    values = random(5, 8, 8, 3, seed=4)
    rows, name = file.run([values], 1, Progress())
    assert name.startswith("LiteRT ") and rows.shape == (5, 8)
    again, _ = file.run([values], 3, Progress())
    np.testing.assert_allclose(again, rows, rtol=1e-5)


def test_an_open_batch_is_that_of_the_inputs_and_nothing_else_is_open(tmp_path: Path) -> None:
    reference = Reference(write(tmp_path).path)
    for batch in (2, 1, 5):
        (rows,) = reference.run([np.repeat(X, batch, axis=0)])
        assert rows.shape == (batch, 8)
    with pytest.raises(ModelError, match="LiteRT cannot run the model"):
        reference.run([X[:, :5]])


def test_models_of_integers_are_none(tmp_path: Path) -> None:
    write_network(tmp_path / "integers.tflite", 3)
    assert not FloatTfliteFile(tmp_path / "integers.tflite").is_float
    found = load_project(tmp_path / "integers.tflite")
    assert isinstance(found.model, LocalFile) and found.module_file is None
    with pytest.raises(ModelError, match=r"There is no .*absent\.tflite"):
        load_project(tmp_path / "absent.tflite").model_file(tmp_path)


@pytest.mark.parametrize("is_project", [True, False])
def test_outputs_of_the_runtime_are_exported(is_project: bool, tmp_path: Path) -> None:
    file, out = write(tmp_path), tmp_path / "out"
    place = file.path
    if is_project:
        (tmp_path / "project.py").write_text("model = 'net.tflite'\nsettings = {'batch': 2}\n")
        place = tmp_path
    batch = 1 + is_project
    assert load_project(place).settings.batch == batch
    out.mkdir()
    stages.export(place, out, tmp_path, Progress())
    description, data = read_description(out), read_test_data(out)
    assert description["file"] == "net.tflite" and description["weights"] == "file"
    assert description["runtime"].startswith("LiteRT")
    wanted, _ = file.run(data.inputs, batch, Progress())
    np.testing.assert_array_equal(data.outputs, wanted)
