"""Models in .tflite files: their data, and what LiteRT computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flows.terminal.progress import Progress
from modelgen.errors import ModelError
from modelgen.ir.execute_exact import run_graph
from modelgen.ir.packing import pack_inputs, rows_of_samples
from modelgen.workload.data import Data
from modelgen.workload.model_file import LocalFile, ModelFile, read_data
from tests.support.tflite_models import ModelWriter
from tests.support.tflite_networks import NetworkWriter, write_network


def network(folder: Path, *, batch: int = 1) -> ModelFile:
    """Return a model of two functions, with inputs of three values."""
    net = NetworkWriter(1)
    x = net.tensor(batch, 3)
    net.writer.write(folder / "net.tflite", [x], [net.function("HARD_SWISH", x)])
    return ModelFile(folder / "net.tflite")


def two_inputs(folder: Path) -> ModelFile:
    net = NetworkWriter(2)
    first, second = net.tensor(1, 4), net.tensor(1, 4)
    net.writer.rename(first, "left")
    net.writer.rename(second, "right")
    net.writer.write(folder / "two.tflite", [first, second], [net.pair("ADD", first, second)])
    return ModelFile(folder / "two.tflite")


def test_a_file_of_the_users_is_where_it_is(tmp_path: Path) -> None:
    assert LocalFile(tmp_path / "a.tflite").find(tmp_path / "data") == tmp_path / "a.tflite"


@pytest.mark.parametrize("seed", [3, 4])
def test_its_runtime_computes_what_the_graph_does(seed: int, tmp_path: Path) -> None:
    write_network(tmp_path / "net.tflite", seed)
    file = ModelFile(tmp_path / "net.tflite")
    arrays = file.random_data(5).test_arrays
    rows, name = file.run(arrays, Progress())
    assert name.startswith("LiteRT ") and "reference kernels" in name
    mine = run_graph(file.graph, pack_inputs(file.graph, arrays), 8)
    np.testing.assert_array_equal(rows, rows_of_samples(file.graph, mine)[:5])
    assert rows.dtype == np.int8 and len(rows) == len(arrays[0])


def test_outputs_of_a_batch_belong_to_their_samples(tmp_path: Path) -> None:
    file = network(tmp_path, batch=2)
    values = np.arange(-6, 9, dtype=np.int8).reshape(5, 3)
    rows, _ = file.run([values], Progress())
    again, _ = file.run([values[::-1].copy()], Progress())
    np.testing.assert_array_equal(rows, again[::-1])
    assert file.output_shapes() == [(3,)]


def test_the_batch_is_the_files(tmp_path: Path) -> None:
    file = network(tmp_path, batch=2)
    file.check_batch(None)
    file.check_batch(2)
    with pytest.raises(ModelError, match=r"net\.tflite takes 2 inputs per inference, not 4"):
        file.check_batch(4)


def test_random_inputs_are_the_same_each_time(tmp_path: Path) -> None:
    file = network(tmp_path)
    (one,), (other,) = file.random_data().test_arrays, file.random_data().test_arrays
    np.testing.assert_array_equal(one, other)
    assert one.dtype == np.int8 and one.shape == (10, 3)
    assert len(network(tmp_path, batch=16).random_data(4).test_arrays[0]) == 16


def test_random_numbers_are_given_where_a_model_takes_numbers(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 4), kind="FLOAT32"), writer.tensor((1, 4), 0.1)
    writer.write(tmp_path / "net.tflite", [x], [writer.operator("QUANTIZE", [x], y)])
    (values,) = ModelFile(tmp_path / "net.tflite").random_data().test_arrays
    assert values.dtype == np.float32 and 0.3 < values.std() < 3.0


def test_integers_of_any_type_become_bytes(tmp_path: Path) -> None:
    file = network(tmp_path)
    for dtype in (np.int8, np.int64, np.float32):
        typed = file.typed(Data("mine", np.array([[-128, 0, 127]], dtype), np.array([1])))
        assert typed.test_arrays[0].dtype == np.int8
        assert typed.test_labels is not None and typed.test_labels.tolist() == [1]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.array([[1, 2, 128]]), r"takes integers from -128 to 127.*round\(x / 0\.\d+\)"),
        (np.array([[0.5, 1, 2]]), "takes integers from -128 to 127"),
        (np.zeros((1, 4)), "inputs have the shape 4; '.*' of net.tflite is 3"),
        ((np.zeros((1, 3)), np.zeros((1, 3))), "2 input arrays, but net.tflite takes 1"),
    ],
)
def test_inputs_that_do_not_fit(inputs: np.ndarray, message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=message):
        network(tmp_path).typed(Data("mine", inputs))


def test_a_file_of_inputs(tmp_path: Path) -> None:
    file = network(tmp_path)
    values = np.array([[1, 2, 3], [4, 5, 6]])
    np.save(tmp_path / "x.npy", values)
    data = read_data(tmp_path / "x.npy", file.graph.inputs)
    assert data.name == "x.npy" and data.test_labels is None
    np.testing.assert_array_equal(data.test_arrays[0], values)
    np.savez(tmp_path / "x.npz", anything=values, labels=[2, 0])
    data = read_data(tmp_path / "x.npz", file.graph.inputs)
    assert data.test_labels is not None and data.test_labels.tolist() == [2, 0]


def test_a_file_of_several_inputs(tmp_path: Path) -> None:
    file = two_inputs(tmp_path)
    left, right = np.zeros((1, 4), np.int8), np.ones((1, 4), np.int8)
    np.savez(tmp_path / "x.npz", right=right, left=left)
    found = read_data(tmp_path / "x.npz", file.graph.inputs).test_arrays
    assert [array.max() for array in found] == [0, 1]
    np.savez(tmp_path / "y.npz", left=left)
    with pytest.raises(ModelError, match="has the arrays left; expected one for each input, left"):
        read_data(tmp_path / "y.npz", file.graph.inputs)


def test_a_file_that_has_no_arrays(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_text("no array")
    with pytest.raises(ModelError, match=r"x\.npy is not a file of NumPy arrays"):
        read_data(tmp_path / "x.npy", ["x"])
