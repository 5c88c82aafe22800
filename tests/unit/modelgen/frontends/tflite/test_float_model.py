"""Float .tflite models: names, constants, quantized parts, and all that is refused at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.nodes.node import LARGEST
from modelgen.frontends.tflite.float_model import batch_of, build, is_float
from tests.support.tflite_floats import FloatWriter, compare, imported, one, random, read, refusals

X = random(1, 8, 8, 3)


def separable(writer: FloatWriter) -> int:
    """Add a network like those that Keras writes; return its output."""
    x = writer.given(X, "input;serving", signature=(-1, 8, 8, 3))
    weights = [
        writer.constant(random(*shape)) for shape in ((8, 3, 3, 3), (8,), (1, 3, 3, 8), (8,))
    ]
    c = writer.made("CONV_2D", [x, *weights[:2]], strideH=2, strideW=2, fusedActivationFunction=3)
    writer.rename(c, "net/conv/Relu6;net/conv/BiasAdd")
    d = writer.made("DEPTHWISE_CONV_2D", [c, *weights[2:]], strideH=1, strideW=1)
    gated = writer.made("MUL", [writer.made("LOGISTIC", [d]), d])
    total = writer.made("ADD", [gated, c])
    mean = writer.made("MEAN", [total, writer.constant(np.array([1, 2], np.int32))])
    dense = [writer.constant(random(5, 8)), writer.constant(random(5))]
    logits = writer.made("FULLY_CONNECTED", [mean, *dense])
    y = writer.made("SOFTMAX", [logits], beta=1.0)
    writer.rename(y, "StatefulPartitionedCall:0")
    return y


def test_a_network_from_input_to_output() -> None:
    writer = FloatWriter()
    network = compare(writer.bytes(separable(writer)), [X])
    graph = imported(network, [X])
    assert [(node.name, type(node.operator).__name__) for node in graph.nodes] == [
        ("net/conv/Relu6", "Pad"),
        ("net/conv/Relu6#2", "Conv2d"),
        ("net/conv/Relu6#3", "Pointwise"),
        ("t6", "Conv2d"),
        ("t8", "Elementwise"),
        ("t9", "Pointwise"),
        ("t9.reshaped", "Reshape"),
        ("t11", "Reduce"),
        ("t14", "Linear"),
        ("StatefulPartitionedCall:0", "Softmax"),
    ]
    assert graph.inputs == ("input",)


def test_an_open_batch_is_as_many_as_wanted() -> None:
    writer = FloatWriter()
    model = read(writer.bytes(separable(writer)))
    assert [batch_of(model, wanted) for wanted in (None, 5)] == [1, 5]
    network = build(model, 5)
    assert (network.batch, network.arguments[0].features) == (5, (8, 8, 3))
    graph = imported(network, [random(5, 8, 8, 3)])
    assert graph.batch == 5


def halved(writer: FloatWriter, kind: str, values: np.ndarray, **quantization: Any) -> list[int]:
    """Add an input, and a sum with what DEQUANTIZE makes of a constant; return the sum."""
    x = writer.given(X)
    stored = writer.constant(values, **quantization)
    return [writer.made("ADD", [x, writer.made("DEQUANTIZE", [stored])])]


def test_a_constant_output() -> None:
    writer = FloatWriter()
    x, k = writer.given(X), writer.constant(random(1, 4))
    compare(writer.bytes(writer.made("ABS", [x]), k), [X], exact=True)


def test_half_precision_weights_are_exact() -> None:
    writer = FloatWriter()
    outputs = halved(writer, "FLOAT16", random(3).astype(np.float16))
    network = compare(writer.bytes(*outputs), [X], exact=True)
    assert [type(each).__name__ for each in network.module.children() if hasattr(each, "node")] == [
        "ADD"
    ]


@pytest.mark.parametrize("scales", [0.25, [0.1, 0.2, 0.3]])
def test_weights_that_are_stored_as_integers_are_exact(scales: Any) -> None:
    writer = FloatWriter()
    values = np.array([-128, 3, 127], np.int8)
    point = 0 if isinstance(scales, list) else 5
    outputs = halved(writer, "INT8", values, scale=scales, zero_point=point)
    compare(writer.bytes(*outputs), [X], exact=True)


def test_which_models_are_float() -> None:
    writer = FloatWriter()
    model = read(writer.bytes(*halved(writer, "INT8", np.ones(3, np.int8), scale=0.5)))
    assert is_float(model)
    writer = FloatWriter()
    x = writer.given(X)
    quantized = writer.tensor(X.shape, 0.5)
    writer.operator("QUANTIZE", [x], quantized)
    assert not is_float(read(writer.bytes(writer.made("DEQUANTIZE", [quantized]))))


def test_all_that_is_wrong_is_said_at_once() -> None:
    writer = FloatWriter()
    x = writer.given(X)
    sparse = writer.made("UNIQUE", [x])
    lost = writer.made("RELU", [sparse])
    loop = writer.made("WHILE", [x])
    custom = writer.made("CUSTOM", [lost])
    weight = writer.constant(np.ones((5, 3), np.int8), 0.5)
    hybrid = writer.made("FULLY_CONNECTED", [x, weight, -1])
    missing = writer.made("ADD", [x, writer.tensor((3,), kind="FLOAT32")])
    again = writer.operator("ABS", [x], sparse)
    few = writer.made("ADD", [x])
    half = writer.made("ADD", [x, writer.constant(np.ones(3, np.float16))])
    found = refusals(writer.bytes(lost, loop, custom, hybrid, missing, again, few, half))
    assert found == [
        "Layer 't1' (UNIQUE) is not supported.",
        "Layer 't3' (WHILE) is control flow, which is not supported. Every inference has to run "
        "all operators.",
        "Layer 't4' (CUSTOM) is not supported.",
        "Layer 't6' (FULLY_CONNECTED) is hybrid: its activations are FP32, but its constant 't5' "
        "is INT8. Convert the model without quantization, or with INT8 weights and activations.",
        "Layer 't8' (ADD) reads 't7', which no operator before it writes.",
        "Layer 't1_2' (ABS) writes what another one writes, or an input, or a constant.",
        "Layer 't9' (ADD) has 1 inputs.",
        "Layer 't11' (ADD) computes with 't10', which is float16.",
    ]


def test_sparse_weights_are_refused() -> None:
    writer = FloatWriter()
    x, weight = writer.given(X), writer.tensor((8, 3), kind="FLOAT32", buffer=1)
    writer.constant(random(5))
    writer.make_sparse(weight)
    dense = writer.made("DENSIFY", [weight])
    direct = writer.made("FULLY_CONNECTED", [x, weight])
    assert refusals(writer.bytes(writer.made("FULLY_CONNECTED", [x, dense]), direct)) == [
        "Layer 't3' (DENSIFY) has a sparse tensor, which is not supported. Convert the model "
        "without sparsity.",
        "Layer 't4' (FULLY_CONNECTED) reads 't1', which is sparse. Convert the model without "
        "sparsity.",
    ]


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"kind": "FLOAT16"}, "has elements of the type FLOAT16; supported: FLOAT32, INT32, INT64"),
        ({"shape": ()}, "has no dimensions; the first must be the batch"),
        ({"shape": (1, 0)}, r"has the shape [1, 0] of open sizes; only the batch may be open"),
        ({"signature": (-1, -1)}, r"has the shape [1, 4] of open sizes"),
        ({"shape": (1, LARGEST, 4)}, "all tensors together have more than 268435456 values"),
    ],
)
def test_inputs_that_are_refused(details: dict, reason: str) -> None:
    writer = FloatWriter()
    x = writer.tensor(**{"shape": (1, 4), "kind": "FLOAT32", **details})
    y = writer.made("ABS", [x])
    writer.examples[x] = X
    (found,) = refusals(writer.bytes(y))
    assert found.startswith("The input 't0' ")
    assert reason in found


def test_a_batch_that_is_fixed() -> None:
    with pytest.raises(ModelError, match="The input 't0' takes a batch of 1, not of 3"):
        build(read(one("ABS", [X])), 3)


def test_models_as_a_whole_that_are_refused(tmp_path: Path) -> None:
    writer = FloatWriter()
    writer.made("ABS", [writer.given(X)])
    assert refusals(writer.bytes()) == ["The model has no inputs or no outputs."]
    writer = FloatWriter()
    x = writer.given(X)
    writer.write(tmp_path / "m.tflite", [x], [writer.made("ABS", [x])], subgraphs=2)
    data = (tmp_path / "m.tflite").read_bytes()
    assert refusals(data) == ["The model has 2 subgraphs; supported: one."]
