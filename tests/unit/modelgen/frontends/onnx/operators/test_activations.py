"""Activations and functions of one value, against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest

from tests.support.onnx_models import compare, imported, model, newer_runtime, one, random

X = 3 * random(2, 5, 4)
EXACT = ("Abs", "Ceil", "Floor", "Neg", "Relu", "Round", "Sign")


@pytest.mark.parametrize(
    "operator",
    [
        *EXACT,
        *("Cos", "Erf", "Exp", "HardSwish", "Log", "Mish", "Reciprocal", "Sigmoid", "Sin"),
        *("Softplus", "Softsign", "Sqrt", "Tanh"),
    ],
)
def test_functions_without_attributes(operator: str) -> None:
    x = np.abs(X) if operator in ("Log", "Sqrt") else X
    opset = 18 if operator == "Mish" else 17
    given = {"x": x}
    compare(one(operator, given, opset=opset), given, exact=operator in EXACT)


@pytest.mark.parametrize(
    ("operator", "attributes", "opset"),
    [
        ("Celu", {"alpha": 0.7}, 13),
        ("Celu", {}, 13),
        ("Elu", {"alpha": 0.3}, 13),
        ("Elu", {}, 13),
        ("Gelu", {}, 20),
        ("Gelu", {"approximate": "tanh"}, 20),
        ("HardSigmoid", {}, 13),
        ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}, 22),
        ("HardSigmoid", {"alpha": 1 / 6}, 13),
        ("LeakyRelu", {}, 13),
        ("LeakyRelu", {"alpha": 0.2}, 16),
        ("LogSoftmax", {}, 13),
        ("LogSoftmax", {"axis": 1}, 13),
        ("Selu", {}, 13),
        ("Selu", {"alpha": 1.2, "gamma": 0.9}, 22),
        ("Softmax", {}, 13),
        ("Softmax", {"axis": 1}, 17),
        ("Softmax", {"axis": -3}, 13),
        pytest.param("Swish", {}, 24, marks=newer_runtime),
        pytest.param("Swish", {"alpha": 1.5}, 24, marks=newer_runtime),
        ("ThresholdedRelu", {}, 13),
        ("ThresholdedRelu", {"alpha": 0.25}, 22),
    ],
)
def test_functions_with_attributes(operator: str, attributes: dict[str, Any], opset: int) -> None:
    compare(one(operator, {"x": X}, opset=opset, **attributes), {"x": X})


@pytest.mark.parametrize(
    "order", [["x", "low", "high"], ["x", "low"], ["x", "", "high"], ["x"], ["x", "", ""]]
)
def test_clip_has_two_bounds_one_or_none(order: list[str]) -> None:
    bounds = {"low": np.float32(-0.5), "high": np.float32(6.0)}
    fixed = {name: np.array(value) for name, value in bounds.items() if name in order}
    compare(one("Clip", {"x": X}, fixed, order=order), {"x": X}, exact=True)


def test_clip_with_a_bound_that_is_computed() -> None:
    nodes = [
        onnx.helper.make_node("ReduceMax", ["x"], ["top"], keepdims=0),
        onnx.helper.make_node("Clip", ["x", "", "top"], ["y"]),
    ]
    compare(model(nodes, {"x": X}), {"x": X}, exact=True)


@pytest.mark.parametrize("shape", [(5, 1), (1,), (1, 5, 1), (4,), (2, 1, 1), (2, 5, 4)])
def test_slopes_of_a_prelu_are_broadcast(shape: tuple[int, ...]) -> None:
    compare(one("PRelu", {"x": X}, {"slope": random(*shape, seed=2)}), {"x": X}, exact=True)


def test_a_clip_is_the_clamp_of_the_store_path() -> None:
    bounds = {"low": np.array(0, np.float32), "high": np.array(6, np.float32)}
    (node,) = imported(one("Clip", {"x": X}, bounds), {"x": X}).nodes
    assert (node.operator.epilogue.low, node.operator.epilogue.high) == (0.0, 6.0)
