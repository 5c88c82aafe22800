"""Functions found in the nodes that exporters write for them."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from tests.support.onnx_models import compare, model, random

node = onnx.helper.make_node
X = random(2, 3, 8)


def number(value: float) -> np.ndarray:
    return np.array(value, np.float32)


HALF, ONE, ROOT = number(0.5), number(1), number(2**0.5)
NUMBERS = {"half": HALF, "one": ONE, "root": ROOT, "inverse": number(0.5**0.5), "eps": number(1e-3)}


def operators(
    nodes: list[Any], outputs: tuple[str, ...] = ("y",), **fixed: np.ndarray
) -> list[str]:
    """Return the operators of the layers of a model that agrees with ONNX Runtime."""
    used = {name for each in nodes for name in each.input}
    values = {name: value for name, value in (NUMBERS | fixed).items() if name in used}
    network = compare(model(nodes, {"x": X}, outputs, values), {"x": X})
    return [type(layer).__name__ for layer in network.module.children() if hasattr(layer, "node")]


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("inner", "operator"),
    [
        ([("Sigmoid", {})], "Swish"),
        ([("HardSigmoid", {"alpha": 1 / 6})], "HardSwish"),
        ([("Softplus", {}), ("Tanh", {})], "Mish"),
    ],
)
def test_gates(inner: list[tuple[str, dict]], operator: str, swapped: bool) -> None:
    names = ["x", *(f"t{at}" for at in range(len(inner)))]
    nodes = [
        node(kind, [source], [result], **given)
        for (kind, given), source, result in zip(inner, names, names[1:], strict=False)
    ]
    order = [names[-1], "x"] if swapped else ["x", names[-1]]
    assert operators([*nodes, node("Mul", order, ["y"])]) == [operator]


def test_what_others_read_stays() -> None:
    nodes = [node("Sigmoid", ["x"], ["s"]), node("Mul", ["x", "s"], ["y"])]
    assert operators(nodes, ("y", "s")) == ["Sigmoid", "Mul"]
    assert operators([*nodes, node("Neg", ["s"], ["z"])], ("y", "z")) == ["Sigmoid", "Mul", "Neg"]


def test_gates_of_something_else() -> None:
    nodes = [
        node("Neg", ["x"], ["n"]),
        node("Sigmoid", ["n"], ["s"]),
        node("Mul", ["x", "s"], ["y"]),
    ]
    assert operators(nodes) == ["Neg", "Sigmoid", "Mul"]
    nodes = [node("HardSigmoid", ["x"], ["s"]), node("Mul", ["x", "s"], ["y"])]
    assert operators(nodes) == ["HardSigmoid", "Mul"]


def gelu(*products: tuple[str, str], scaled: str = "Div", by: str = "root") -> list[Any]:
    names = ["a", "y"]
    return [
        node(scaled, ["x", by], ["s"]),
        node("Erf", ["s"], ["e"]),
        node("Add", ["one", "e"], ["f"]),
        *(
            node("Mul", list(pair), [name])
            for pair, name in zip(products, names[-len(products) :], strict=True)
        ),
    ]


@pytest.mark.parametrize(
    "nodes",
    [
        gelu(("x", "f"), ("a", "half")),
        gelu(("x", "half"), ("a", "f")),
        gelu(("f", "half"), ("x", "a")),
        gelu(("half", "x"), ("f", "a"), scaled="Mul", by="inverse"),
    ],
)
def test_gelu(nodes: list[Any]) -> None:
    assert operators(nodes) == ["Gelu"]


@pytest.mark.parametrize(
    "nodes",
    [
        gelu(("x", "f"), ("a", "one")),
        gelu(("x", "f"), ("a", "half"), by="one"),
        gelu(("x", "f")),
    ],
)
def test_what_is_almost_a_gelu(nodes: list[Any]) -> None:
    assert "Gelu" not in operators(nodes)


@pytest.mark.parametrize("cubed", [False, True])
def test_gelu_by_a_hyperbolic_tangent(cubed: bool) -> None:
    cube = [node("Pow", ["x", "three"], ["c"])]
    products = [node("Mul", ["x", "x"], ["q"]), node("Mul", ["q", "x"], ["c"])]
    nodes = [
        *(cube if cubed else products),
        node("Mul", ["c", "small"], ["m"]),
        node("Add", ["x", "m"], ["a"]),
        node("Mul", ["a", "slope"], ["s"]),
        node("Tanh", ["s"], ["t"]),
        node("Add", ["t", "one"], ["p"]),
        node("Mul", ["half", "x"], ["h"]),
        node("Mul", ["h", "p"], ["y"]),
    ]
    numbers = {"three": number(3), "small": number(0.044715), "slope": number((2 / np.pi) ** 0.5)}
    assert operators(nodes, **numbers) == ["Gelu"]
    assert "Gelu" not in operators(nodes, **{**numbers, "small": number(0.0448)})


def test_hard_swish_by_a_clip() -> None:
    nodes = [
        node("Add", ["x", "three"], ["a"]),
        node("Clip", ["a", "zero", "six"], ["c"]),
        node("Mul", ["x", "c"], ["m"]),
        node("Div", ["m", "six"], ["y"]),
    ]
    numbers = {"three": number(3), "zero": number(0), "six": number(6)}
    assert operators(nodes, **numbers) == ["HardSwish"]


def test_a_function_between_others() -> None:
    nodes = [
        node("Mul", ["x", "root"], ["a"]),
        node("Sigmoid", ["a"], ["s"]),
        node("Mul", ["a", "s"], ["m"]),
        node("Add", ["m", "one"], ["y"]),
    ]
    assert operators(nodes) == ["Mul", "Swish", "Add"]


def layer_norm(squares: list[Any], axes: list[int]) -> list[Any]:
    return [
        node("ReduceMean", ["x"], ["m"], axes=axes),
        node("Sub", ["x", "m"], ["d"]),
        *squares,
        node("ReduceMean", ["p"], ["v"], axes=axes),
        node("Add", ["v", "eps"], ["a"]),
        node("Sqrt", ["a"], ["s"]),
        node("Div", ["d", "s"], ["n"]),
    ]


POWER = [node("Pow", ["d", "two"], ["p"])]
PRODUCT = [node("Mul", ["d", "d"], ["p"])]
AFFINE = [node("Mul", ["n", "w"], ["q"]), node("Add", ["b", "q"], ["y"])]
FACTORS = {"two": number(2), "w": random(8, seed=2), "b": random(8, seed=3)}


@pytest.mark.parametrize("squares", [POWER, PRODUCT])
@pytest.mark.parametrize("axis", [-1, 2])
def test_layer_norm(squares: list[Any], axis: int) -> None:
    nodes = layer_norm(squares, [axis])
    assert operators([*nodes, *AFFINE], **FACTORS) == ["LayerNormalization"]
    assert operators(nodes, ("n",), **FACTORS) == ["LayerNormalization"]
    only = [*nodes, node("Mul", ["n", "w"], ["y"])]
    assert operators(only, **FACTORS) == ["LayerNormalization", "Mul"]


def test_a_norm_over_other_dimensions_stays() -> None:
    assert "LayerNormalization" not in operators(layer_norm(POWER, [1]), ("n",), **FACTORS)


@pytest.mark.parametrize(
    ("layer", "operator"), [(nn.SiLU(), "Swish"), (nn.GELU(), "Gelu"), (nn.Mish(), "Mish")]
)
def test_what_pytorch_writes(layer: nn.Module, operator: str) -> None:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(layer, (torch.from_numpy(X),), file, dynamo=False, opset_version=13)
    proto = onnx.load_from_string(file.getvalue())
    network = compare(proto, {proto.graph.input[0].name: X})
    layers = [type(each).__name__ for each in network.module.modules() if hasattr(each, "node")]
    assert layers == [operator]
