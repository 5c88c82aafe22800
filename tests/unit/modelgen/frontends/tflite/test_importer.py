"""Whole .tflite models, beside LiteRT's reference kernels, and models that are refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.tflite.importer import import_model
from modelgen.ir import files as graph_files
from modelgen.ir.execute import run_graph as run_in_pytorch
from modelgen.ir.execute_exact import run_graph, run_layers
from modelgen.ir.graph import Contract, ElementType
from modelgen.ir.tolerance import SMALLEST, output_tolerance
from modelgen.operators import IntegerConv2d, IntegerLinear
from modelgen.passes.simplify import simplify
from tests.support.litert import Reference, check, int8_inputs
from tests.support.tflite_models import ModelWriter
from tests.support.tflite_networks import write_network


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_agree_in_every_tensor(tmp_path: Path, seed: int) -> None:
    check_network(tmp_path, seed)


@pytest.mark.nightly
def test_many_random_networks_agree_in_every_tensor(tmp_path: Path) -> None:
    for seed in range(12, 2000):
        check_network(tmp_path, seed)


def check_network(folder: Path, seed: int) -> None:
    path = folder / "model.tflite"
    shape = write_network(path, seed)
    check(path, int8_inputs(np.random.default_rng(seed), shape, 4))


def test_every_way_of_running_a_graph_gives_the_same_integers(tmp_path: Path) -> None:
    shape = write_network(tmp_path / "model.tflite", 1)
    graph = import_model(tmp_path / "model.tflite").graph
    assert graph.contract is Contract.TFLITE_REFERENCE
    assert graph.batch == shape[0]
    graph_files.save(graph, tmp_path / "saved")
    rows = np.random.default_rng(0).integers(-128, 128, (3, int(np.prod(shape)))).astype(np.int8)
    exact = run_graph(graph, rows, 8)
    assert exact.dtype == np.int8
    np.testing.assert_array_equal(run_graph(graph_files.load(tmp_path / "saved"), rows, 16), exact)
    samples = exact.reshape(3 * graph.batch, -1)
    np.testing.assert_array_equal(run_in_pytorch(graph, rows), samples)
    assert (output_tolerance(graph, rows) == SMALLEST).all()


def test_tensors_keep_their_quantization_and_index(tmp_path: Path) -> None:
    writer = ModelWriter()
    x = writer.tensor((1, 4), 0.25, -3, name="serving/input;other")
    y = writer.tensor((1, 4), 0.5, 2, name="Identity", signature=(-1, 4))
    writer.operator("RELU", [x], y)
    imported = import_model(writer.write(tmp_path / "m.tflite", [x], [y]))
    graph = imported.graph
    assert (graph.inputs, graph.outputs) == (("serving/input",), ("Identity",))
    tensor = graph.tensors["serving/input"]
    assert tensor.element is ElementType.INT8
    assert tensor.quantization is not None
    assert (tensor.quantization.scale, tensor.quantization.zero_point) == (0.25, -3)
    assert imported.indices == {"serving/input": x, "Identity": y}


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, between, y = (writer.tensor((1, 4), 0.25, 0, name="same") for _ in range(3))
    writer.operator("RELU", [x], between)
    writer.operator("RELU", [between], y)
    graph = import_model(writer.write(tmp_path / "m.tflite", [x], [y])).graph
    assert [node.output for node in graph.nodes] == ["same (1)", "same (2)"]


def test_names_of_tensors_are_not_those_of_constants(tmp_path: Path) -> None:
    writer = ModelWriter()
    x = writer.tensor((1, 2), 0.1)
    added = writer.constant(np.array([5, 6], np.int8), 0.1)
    y = writer.tensor((1, 2), 0.1, name="y")
    z = writer.tensor((1, 2), 0.1)
    writer.rename(added, "y.table")
    writer.operator("RELU", [x], y)
    writer.operator("ADD", [y, added], z)
    path = writer.write(tmp_path / "m.tflite", [x], [z])
    check(path, int8_inputs(np.random.default_rng(0), (1, 2)))


def test_simplification_keeps_integers_and_contract(tmp_path: Path) -> None:
    shape = write_network(tmp_path / "model.tflite", 2)
    graph = import_model(tmp_path / "model.tflite").graph
    simple = simplify(graph)
    rows = np.random.default_rng(0).integers(-128, 128, (3, int(np.prod(shape)))).astype(np.int8)
    np.testing.assert_array_equal(run_graph(simple, rows, 8), run_graph(graph, rows, 8))
    assert simple.contract is graph.contract


def test_all_complaints_are_made_at_once(tmp_path: Path) -> None:
    writer = ModelWriter()
    x = writer.tensor((1, 4), 0.25, 0)
    half = writer.tensor((1, 4), kind="FLOAT16")
    sine = writer.tensor((1, 4), 0.25, 0)
    y = writer.tensor((1, 4), 0.25, 0)
    writer.operator("RELU", [x], half)
    writer.operator("SIN", [half], sine)
    writer.operator("CUSTOM", [x], sine)
    writer.operator("WHILE", [sine], y)
    path = writer.write(tmp_path / "m.tflite", [x], [y])
    with pytest.raises(ModelError) as caught:
        import_model(path)
    first, *complaints = str(caught.value).splitlines()
    assert first == f"{path} cannot be compiled:"
    assert [text.strip() for text in complaints] == [
        "RELU (operator 0), tensor 't1': it has the type FLOAT16; convert the model with INT8 "
        "activations",
        "SIN (operator 1): the operator is not supported",
        "CUSTOM (operator 2): the operator is not supported",
        "WHILE (operator 3): control flow is not supported; every inference has to run all "
        "operators",
    ]


def write_linear(path: Path, given: int, weight: int, result: int, writer: ModelWriter) -> Path:
    writer.operator("FULLY_CONNECTED", [given, weight, -1], result)
    return writer.write(path / "m.tflite", [given], [result])


def test_hybrid_models_are_refused(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 2), kind="FLOAT32"), writer.tensor((1, 3), kind="FLOAT32")
    weight = writer.constant(np.ones((3, 2), np.int8), 0.1)
    message = r"FULLY_CONNECTED \(operator 0\), tensor 't0': the model is hybrid"
    with pytest.raises(ModelError, match=message):
        import_model(write_linear(tmp_path, x, weight, y, writer))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "UINT8", "scale": 0.1}, "the type UINT8 of older models"),
        ({"kind": "INT16", "scale": 0.1}, "the type INT16"),
        ({"scale": [0.1, 0.2], "axis": 1}, "per channel, which activations cannot have"),
        ({}, "it has no scale and zero point"),
        ({"scale": 0.0}, "its quantization is not valid: scale 0, zero point 0"),
        ({"scale": 0.1, "zero_point": 200}, "its quantization is not valid"),
        ({"scale": 0.1, "signature": (1, -1)}, r"its shape \[1, 2\] is not fixed"),
    ],
)
def test_activations_that_are_refused(tmp_path: Path, given: dict, message: str) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 2), **given), writer.tensor((1, 3), 0.1)
    weight = writer.constant(np.ones((3, 2), np.int8), 0.1)
    with pytest.raises(ModelError, match=f"tensor 't0': .*{message}"):
        import_model(write_linear(tmp_path, x, weight, y, writer))


def test_activations_are_integers(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = (writer.tensor((1, 2), kind="FLOAT32") for _ in "xy")
    writer.operator("RELU", [x], y)
    with pytest.raises(ModelError, match="'t0': activations are FP32, not INT8"):
        import_model(writer.write(tmp_path / "m.tflite", [x], [y]))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("INT8", "its values have to be constants in the file"),
        ("INT4", "constants of the type INT4 are not supported"),
    ],
)
def test_constants_have_to_be_in_the_file(tmp_path: Path, kind: str, message: str) -> None:
    writer = ModelWriter()
    x, y = (writer.tensor(shape, 0.1) for shape in ((1, 2), (1, 3)))
    weight = writer.tensor((3, 2), 0.1, kind=kind)
    with pytest.raises(ModelError, match=f"tensor 't2': {message}"):
        import_model(write_linear(tmp_path, x, weight, y, writer))


def test_shapes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 2), 0.1), writer.tensor((1, 4), 0.1)
    weight = writer.constant(np.ones((3, 2), np.int8), 0.1)
    with pytest.raises(ModelError, match=r"its output has the shape \(1, 4\) instead of \(1, 3\)"):
        import_model(write_linear(tmp_path, x, weight, y, writer))


@pytest.mark.parametrize(("kind", "shape"), [("CONV_2D", (1, 4)), ("MAX_POOL_2D", (1, 4, 2))])
def test_ranks_that_do_not_fit_are_refused(
    tmp_path: Path, kind: str, shape: tuple[int, ...]
) -> None:
    writer = ModelWriter()
    x, y = writer.tensor(shape, 1 / 256, -128), writer.tensor(shape, 1 / 256, -128)
    weight = writer.constant(np.ones((3, 1, 1, 2), np.int8), 0.1)
    writer.operator(kind, [x, weight] if kind == "CONV_2D" else [x], y)
    with pytest.raises(ModelError, match=rf"tensor 't0': its shape \[.*\] has {len(shape)} dimens"):
        import_model(writer.write(tmp_path / "m.tflite", [x], [y]))


@pytest.mark.parametrize("batches", [(1, 2), (2, 1)])
def test_the_batch_is_the_first_dimension(tmp_path: Path, batches: tuple[int, int]) -> None:
    writer = ModelWriter()
    x, y = (writer.tensor((batch, 6 // batch), 0.1) for batch in batches)
    writer.operator("RESHAPE", [x], y)
    with pytest.raises(ModelError, match="the same batch as first dimension"):
        import_model(writer.write(tmp_path / "m.tflite", [x], [y]))


def test_outputs_are_written_by_operators(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 4), 0.1), writer.tensor((1, 4), 0.1)
    writer.operator("RELU", [x], y)
    with pytest.raises(ModelError, match="an output of the model is its input"):
        import_model(writer.write(tmp_path / "m.tflite", [x], [y, x]))


def test_models_have_inputs_and_outputs(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 4), 0.1), writer.tensor((1, 4), 0.1)
    writer.operator("RELU", [x], y)
    for inputs, outputs in (([], [y]), ([x], [])):
        with pytest.raises(ModelError, match=r"no input or no output|before one writes it"):
            import_model(writer.write(tmp_path / "m.tflite", inputs, outputs))


def test_operators_have_their_inputs(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 4), 0.1), writer.tensor((1, 4), 0.1)
    writer.operator("FULLY_CONNECTED", [x], y)
    with pytest.raises(ModelError, match=r"FULLY_CONNECTED \(operator 0\): it has no input 1"):
        import_model(writer.write(tmp_path / "m.tflite", [x], [y]))


def test_wrong_bytes_are_refused_or_harmless(tmp_path: Path) -> None:
    random, path = np.random.default_rng(0), tmp_path / "m.tflite"
    refused = 0
    for seed in range(6):
        write_network(path, seed)
        whole = path.read_bytes()
        for _ in range(60):
            damaged = bytearray(whole)
            for place in random.integers(0, len(whole), 4):
                damaged[place] = random.choice([0, 1, 2, 255])
            path.write_bytes(damaged)
            try:
                import_model(path)
            except ModelError:
                refused += 1
    assert 100 < refused < 360


def test_several_subgraphs_are_refused(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 4), 0.1), writer.tensor((1, 4), 0.1)
    writer.operator("RELU", [x], y)
    with pytest.raises(ModelError, match="the model has 2 subgraphs"):
        import_model(writer.write(tmp_path / "m.tflite", [x], [y], subgraphs=2))


def official(name: str) -> Path:
    """A file of MLPerf Tiny, if the user has it."""
    folder = os.environ.get("HEEPSTOR_DATA")
    path = Path(folder or "") / "mlperf_tiny" / name
    if not folder or not path.is_file():
        pytest.skip("needs the models of MLPerf Tiny in $HEEPSTOR_DATA/mlperf_tiny")
    return path


@pytest.mark.parametrize(
    ("model", "data", "right"),
    [
        ("ic_int8.tflite", "cifar10_test_first200.npz", 176),
        ("kws_int8.tflite", "kws_first200.npz", 183),
    ],
)
def test_official_classifiers(model: str, data: str, right: int) -> None:
    path = official(model)
    with np.load(official(data)) as samples:
        labels = samples["labels"]
        if "images" in samples.files:
            inputs = (samples["images"].astype(np.int16) - 128).astype(np.int8)
        else:
            inputs = samples["features"]
    imported, reference = import_model(path), Reference(path)
    graph = imported.graph
    found = []
    for sample in inputs:
        reference.run([sample[None]])
        tensors = run_layers(graph, {graph.inputs[0]: sample[None]}, 8)
        output = graph.outputs[0]
        expected = reference.tensor(imported.indices[output])
        np.testing.assert_array_equal(tensors[output], expected)
        found.append(tensors[output].argmax())
    assert (np.array(found) == labels).sum() == right


@pytest.mark.parametrize(
    ("model", "channels"),
    [("ic_int8", 346), ("kws_int8", 588), ("vww_int8", 2738), ("ad_int8", 1672)],
)
def test_all_channels_of_official_models_have_forms(model: str, channels: int) -> None:
    graph = import_model(official(f"{model}.tflite")).graph
    forms = [
        node.operator.forms(graph.arrays(node))
        for node in graph.nodes
        if isinstance(node.operator, (IntegerConv2d, IntegerLinear))
    ]
    assert sum(len(form.exact) for form in forms) == channels
    assert all(form.exact.all() and not form.ties_even for form in forms)


@pytest.mark.parametrize("model", ["vww_int8.tflite", "ad_int8.tflite"])
def test_official_models_with_random_inputs(model: str) -> None:
    path = official(model)
    graph = import_model(path).graph
    check(path, int8_inputs(np.random.default_rng(0), graph.tensors[graph.inputs[0]].shape, 10))
