"""Files as records, and damaged files."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.tflite.reader import read_model
from tests.support.tflite_models import RELU6, SAME, ModelWriter


def write(path: Path) -> Path:
    writer = ModelWriter()
    x = writer.tensor((1, 4, 4, 2), 0.5, -3, name="x", signature=(-1, 4, 4, 2))
    weight = writer.constant(np.arange(6, dtype=np.int8).reshape(3, 1, 1, 2), [0.1, 0.2, 0.3])
    bias = writer.constant(np.array([7, 8, -9], np.int32), [0.05, 0.1, 0.15])
    y = writer.tensor((1, 2, 2, 3), 0.25, 1, name="y")
    options = {"strideH": 2, "strideW": 2, "fusedActivationFunction": RELU6, "padding": SAME}
    writer.operator("CONV_2D", [x, weight, bias], y, **options)
    return writer.write(path / "model.tflite", [x], [y])


def test_records_have_what_the_file_has(tmp_path: Path) -> None:
    model = read_model(write(tmp_path))
    assert (model.inputs, model.outputs, model.subgraphs) == ((0,), (3,), 1)
    x, weight, bias, y = model.tensors
    assert (x.name, x.type, x.shape, x.is_dynamic) == ("x", "INT8", (1, 4, 4, 2), False)
    assert (x.scales.tolist(), x.zero_points.tolist(), x.values) == ([0.5], [-3], None)
    assert weight.scales.tolist() == np.array([0.1, 0.2, 0.3], np.float32).tolist()
    np.testing.assert_array_equal(weight.values, np.arange(6).reshape(3, 1, 1, 2))
    np.testing.assert_array_equal(bias.values, [7, 8, -9])
    assert not y.is_variable
    assert not y.is_sparse
    (operator,) = model.operators
    assert (operator.kind, operator.title) == ("CONV_2D", "CONV_2D (operator 0)")
    assert (operator.inputs, operator.outputs) == ((0, 1, 2), (3,))
    assert operator.options == {
        "Padding": SAME,
        "StrideH": 2,
        "StrideW": 2,
        "DilationHFactor": 1,
        "DilationWFactor": 1,
        "FusedActivationFunction": RELU6,
    }


@pytest.mark.parametrize("signature", [(-1, 3), (1, -1)])
def test_the_batch_may_be_open_in_the_signature(tmp_path: Path, signature: tuple[int, int]) -> None:
    writer = ModelWriter()
    x = writer.tensor((1, 3), 0.5, signature=signature)
    y = writer.tensor((1, 3), 0.5)
    writer.operator("RELU", [x], y)
    model = read_model(writer.write(tmp_path / "m.tflite", [x], [y]))
    assert model.tensors[0].is_dynamic == (signature == (1, -1))


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    data = path.read_bytes()
    for length in range(8, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(ModelError, match="is truncated or damaged"):
            read_model(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    with pytest.raises(ModelError, match=r"Cannot read .*model\.tflite: No such file"):
        read_model(path)
    path.write_bytes(b"PK\x03\x04 an archive")
    with pytest.raises(ModelError, match=r"is not a \.tflite model"):
        read_model(path)


def test_tensors_that_are_not_there_are_noticed(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 3), 0.5), writer.tensor((1, 3), 0.5)
    writer.operator("RELU", [9], y)
    with pytest.raises(ModelError, match="names tensors that it does not have"):
        read_model(writer.write(tmp_path / "m.tflite", [x], [y]))


def test_it_is_said_which_package_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path)
    monkeypatch.setitem(sys.modules, "tflite", None)
    with pytest.raises(ModelError, match=r"^Reading a \.tflite model needs .* pip install tflite"):
        read_model(path)


def test_names_are_text_on_one_line(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 3), 0.5, name="a\x1b[31m"), writer.tensor((1, 3), 0.5)
    writer.operator("RELU", [x], y)
    with pytest.raises(
        ModelError, match=r"damaged: the name of a tensor is no text: 'a\\x1b\[31m'"
    ):
        read_model(writer.write(tmp_path / "m.tflite", [x], [y]))


def test_tensors_may_share_values(tmp_path: Path) -> None:
    writer = ModelWriter()
    first = writer.constant(np.arange(6, dtype=np.int8), 0.5)
    second = writer.tensor((2, 3), 0.5, buffer=1)
    y = writer.tensor((2, 3), 0.5)
    writer.operator("ADD", [first, second], y)
    model = read_model(writer.write(tmp_path / "m.tflite", [], [y]))
    values = [model.tensors[index].values for index in (first, second)]
    assert [each.shape for each in values] == [(6,), (2, 3)]
    assert np.shares_memory(*values)


def test_a_reshape_needs_no_options(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 3), 0.5), writer.tensor((3, 1), 0.5)
    writer.operator("RESHAPE", [x, writer.constant(np.array([3, 1], np.int32))], y)
    writer.forget_options()
    (operator,) = read_model(writer.write(tmp_path / "m.tflite", [x], [y])).operators
    assert operator.options == {}
