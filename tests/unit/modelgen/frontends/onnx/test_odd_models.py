"""ONNX models with odd numbers, twice the same names, or damaged tensors: all are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from tests.support.onnx_models import model, one, random

node = onnx.helper.make_node
X = random(1, 3, 6, 7)
W, LSTM = random(2, 3, 3, 3), {"w": random(1, 15, 3), "r": random(1, 16, 4)}


def refused(proto: Any, reason: str) -> None:
    with pytest.raises(ModelError) as caught:
        build(proto)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("operator", "fixed", "attributes", "reason"),
    [
        ("MaxPool", {}, {"kernel_shape": [-1, 3]}, "has kernel [-1, 3]; expected 2 numbers from 1"),
        ("MaxPool", {}, {"kernel_shape": [2]}, "has kernel [2]; expected 2 numbers from 1 on"),
        ("AveragePool", {}, {"kernel_shape": [2, 2], "strides": [0, 1]}, "has strides [0, 1]"),
        (
            "MaxPool",
            {},
            {"kernel_shape": [2, 2], "pads": [1, 0, 1]},
            "has pads [1, 0, 1]; expected 4",
        ),
        ("Conv", {"w": W}, {"dilations": [0, 0]}, "has dilations [0, 0]; expected 2 numbers"),
        ("Conv", {"w": W}, {"pads": [-1, 0, 0, 0]}, "has pads [-1, 0, 0, 0]; expected 4 numbers"),
        ("LRN", {}, {"size": 0}, "is a mean of 0 channels"),
        ("DepthToSpace", {}, {"blocksize": 0}, "has blocks of 0 pixels"),
        ("Softmax", {}, {"axis": 9}, "names dimension 9 of a tensor that has 4"),
        ("Flatten", {}, {"axis": -9}, "names dimension -9 of a tensor that has 4"),
        ("ArgMax", {}, {"axis": 4}, "names dimension 4 of a tensor that has 4"),
        ("LpNormalization", {}, {"axis": 4}, "names dimension 4 of a tensor that has 4"),
        ("LayerNormalization", {"s": random(7)}, {"axis": 9}, "names dimension 9 of a tensor"),
        ("Split", {"s": [1, 2]}, {"axis": 4}, "names dimension 4 of a tensor that has 4"),
        ("ReduceSum", {"a": [9]}, {}, "names dimension 9 of a tensor that has 4"),
        ("ReduceMean", {}, {"axes": [1, 1]}, "names a dimension twice: [1, 1]"),
        ("CumSum", {"a": [9]}, {}, "names dimension 9 of a tensor that has 4"),
        ("Unsqueeze", {"a": [1, 1]}, {}, "names a dimension twice: [1, 1]"),
        ("Unsqueeze", {"a": [9]}, {}, "names dimension 9 of a tensor that has 5"),
        ("Squeeze", {"a": [1]}, {}, "removes the dimensions [1] of [1, 3, 6, 7], not all of size"),
        ("Slice", {"a": [0], "b": [2], "c": [9]}, {}, "names dimension 9 of a tensor that has 4"),
        ("Slice", {"a": [0], "b": [2], "c": [1], "d": [0]}, {}, "has limits that do not fit"),
        ("Slice", {"a": [0, 1], "b": [2]}, {}, "has limits that do not fit: [0, 1], [2], axes"),
        ("Reshape", {"s": [0, 0, 0, 0, 0]}, {}, "keeps a dimension beyond the 4 of its input"),
        ("Pad", {"p": [0, 0, 1]}, {}, "has 3 numbers of padding for 4 dimensions"),
        ("Gather", {"i": [9]}, {"axis": 1}, "has the index 9, of 3 elements along dimension 1"),
        ("Gemm", {"w": random(7, 3)}, {}, "multiplies tensors of 4 and 2 dimensions; expected"),
        ("LSTM", LSTM, {"hidden_size": 4}, "has weights [1, 15, 3] and [1, 16, 4], and gets"),
    ],
)
def test_numbers(operator: str, fixed: dict, attributes: dict, reason: str) -> None:
    x = random(4, 1, 3) if operator == "LSTM" else X
    arrays = {name: np.asarray(value) for name, value in fixed.items()}
    refused(one(operator, {"x": x}, arrays, **attributes), f"Layer 'node' ({operator}) {reason}")


@pytest.mark.parametrize("scales", [[1, 1, 0, 1], [1, 1, np.nan, 1], [1, 1, np.inf, 1], [1, 1], []])
def test_scales(scales: list[float]) -> None:
    arrays = {"s": np.array(scales, np.float32)}
    proto = one("Resize", {"x": X}, arrays, order=["x", "", "s"])
    refused(proto, "has a list of scales that are not 4 positive numbers")


def test_groups() -> None:
    factors = {"a": random(3), "b": random(3)}
    proto = one("GroupNormalization", {"x": X}, factors, opset=21, num_groups=0)
    refused(proto, "divides 3 channels into 0 groups")


@pytest.mark.parametrize("name", ["x", "k", "y"])
def test_names_that_are_written_twice(name: str) -> None:
    nodes = [node("Relu", ["x"], ["y"]), node("Add", ["y", "k"], [name], "again")]
    refused(model(nodes, {"x": X}, fixed={"k": X}), f"Layer 'again' (Add) writes '{name}', which")


def test_inputs_and_initializers_that_are_there_twice() -> None:
    proto = one("Relu", {"x": X})
    proto.graph.input.append(proto.graph.input[0])
    refused(proto, "The model has two inputs 'x'.")
    proto = one("Add", {"x": X}, {"k": X})
    proto.graph.initializer.append(proto.graph.initializer[0])
    refused(proto, "The tensor 'k' is there twice, or has sizes below 0.")


@pytest.mark.parametrize("sizes", [[-1, 3], [1 << 40, 1 << 20]])
def test_sizes_that_do_not_fit_the_values(sizes: list[int]) -> None:
    proto = one("Add", {"x": X}, {"k": X})
    proto.graph.initializer[0].dims[:] = sizes
    refused(proto, "The file is damaged: export the model again.")


@pytest.mark.parametrize("size", [1 << 31, 1 << 60])
def test_gigantic_inputs(size: int) -> None:
    proto = one("Relu", {"x": X})
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_value = size
    refused(proto, f"The input 'x' has the shape 1x3x{size}x7: all tensors together have more")


def test_versions() -> None:
    refused(one("Relu", {"x": X}, opset=12), "the operators of opset 12; supported: 13")
    proto = one("Relu", {"x": X})
    proto.opset_import.append(onnx.helper.make_opsetid("com.other", 1 << 40))
    refused(proto, "the version 1099511627776 of the operators of 'com.other'; expected 0 to")


def test_attributes_that_are_no_text() -> None:
    proto = one("AveragePool", {"x": X}, kernel_shape=[2, 2], auto_pad="VALID\x1b")
    refused(proto, "Layer 'node' (AveragePool) has an attribute that is no text: 'VALID\\x1b'")
