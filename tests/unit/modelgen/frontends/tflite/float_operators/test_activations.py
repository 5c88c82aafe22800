"""Activations and functions of one value, beside LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tflite_floats import FloatWriter, agree, graph_of, one, random, refusals

X = random(2, 5, 3, 4) * 4
OTHERS = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"


@pytest.mark.parametrize(
    "kind",
    [
        *("ABS", "COS", "EXP", "FLOOR", "HARD_SWISH", "LOGISTIC", "LOG_SOFTMAX", "NEG", "RELU"),
        *("RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "SIGN", "SIN", "SQUARE", "TANH"),
    ],
)
def test_functions(kind: str) -> None:
    agree(kind, [X])


@pytest.mark.parametrize("kind", ["CEIL", "ELU", "ROUND"])
def test_functions_that_the_reference_kernels_lack(kind: str) -> None:
    agree(kind, [np.round(2 * X) / 2], kernels=OTHERS)


@pytest.mark.parametrize("kind", ["LOG", "RSQRT", "SQRT"])
def test_functions_of_positive_numbers(kind: str) -> None:
    agree(kind, [np.abs(X) + np.float32(1e-3)])


def test_functions_with_options() -> None:
    agree("LEAKY_RELU", [X], alpha=0.3, exact=True)
    agree("GELU", [X], approximate=True)
    agree("GELU", [X], approximate=False)
    for beta in (1.0, 0.7):
        agree("SOFTMAX", [X], beta=beta)


@pytest.mark.parametrize("shape", [(), (1,), (4,), (1, 1, 4), (5, 3, 4), (1, 3, 1)])
def test_slopes(shape: tuple[int, ...]) -> None:
    agree("PRELU", [X], {1: random(*shape, seed=3).reshape(shape)}, exact=True)


def test_slopes_of_channels_are_one_layer() -> None:
    graph = graph_of(one("PRELU", [X], {1: random(1, 1, 4, seed=3)}), [X])
    assert len(graph.nodes) == 1


def test_norms() -> None:
    agree("L2_NORMALIZATION", [X])
    agree("L2_NORMALIZATION", [X * np.float32(1e-8)])


@pytest.mark.parametrize("function", range(4))
def test_fused_functions(function: int) -> None:
    agree("ADD", [X, X], fusedActivationFunction=function, exact=True)


def test_other_fused_functions_are_refused() -> None:
    writer = FloatWriter()
    x = writer.given(X)
    data = writer.bytes(writer.made("ADD", [x, x], fusedActivationFunction=4))
    assert refusals(data) == [
        "Layer 't1' (ADD) has a fused activation function that is neither ReLU, ReLU6 nor ReLU1."
    ]
