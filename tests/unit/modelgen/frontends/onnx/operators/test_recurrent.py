"""Recurrent layers, against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from tests.support.onnx_models import compare, imported, model, one, random

STEPS, BATCH, FEATURES, SIZE = 4, 4, 3, 5
"""As many steps as samples: the first dimension of all inputs is the batch."""
X = random(STEPS, BATCH, FEATURES)
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def fixed(operator: str, directions: int = 1, *, bias: bool = True) -> dict[str, np.ndarray]:
    rows = GATES[operator] * SIZE
    found = {
        "w": random(directions, rows, FEATURES, seed=2),
        "r": random(directions, rows, SIZE, seed=3),
    }
    return found | ({"b": random(directions, 2 * rows, seed=4)} if bias else {})


def outputs(operator: str) -> list[str]:
    return ["y", "h", "c"] if operator == "LSTM" else ["y", "h"]


@pytest.mark.parametrize("operator", GATES)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("bias", [False, True])
def test_directions(operator: str, direction: str, bias: bool) -> None:
    values = fixed(operator, 2 if direction == "bidirectional" else 1, bias=bias)
    names = outputs(operator)
    attributes = {"hidden_size": SIZE, "direction": direction}
    compare(one(operator, {"x": X}, values, outputs=names, **attributes), {"x": X})


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_a_gru_that_resets_late(direction: str) -> None:
    values = fixed("GRU", 2 if direction == "bidirectional" else 1)
    attributes = {"hidden_size": SIZE, "direction": direction, "linear_before_reset": 1}
    compare(one("GRU", {"x": X}, values, outputs=["y", "h"], **attributes), {"x": X})


def test_a_rectifier_in_a_recurrent_layer() -> None:
    attributes = {"hidden_size": SIZE, "activations": ["Relu"]}
    compare(one("RNN", {"x": X}, fixed("RNN"), outputs=["y", "h"], **attributes), {"x": X})


@pytest.mark.parametrize("operator", GATES)
def test_initial_states_and_lengths(operator: str) -> None:
    values = fixed(operator) | {"lengths": np.full(BATCH, STEPS, np.int32)}
    values["h0"] = random(1, BATCH, SIZE, seed=5)
    if operator == "LSTM":
        values["c0"] = random(1, BATCH, SIZE, seed=6)
    names = outputs(operator)
    compare(one(operator, {"x": X}, values, outputs=names, hidden_size=SIZE), {"x": X})


@pytest.mark.parametrize("operator", GATES)
def test_only_the_last_state(operator: str) -> None:
    proto = one(operator, {"x": X}, fixed(operator), outputs=["", "h"], hidden_size=SIZE)
    compare(proto, {"x": X})


@pytest.mark.parametrize("operator", GATES)
def test_the_batch_first_is_the_same_with_two_dimensions_exchanged(operator: str) -> None:
    import torch

    names = outputs(operator)
    values = fixed(operator, 2)
    attributes = {"hidden_size": SIZE, "direction": "bidirectional"}
    first = build(one(operator, {"x": X}, values, outputs=names, **attributes))
    second = build(one(operator, {"x": X}, values, outputs=names, layout=1, **attributes))
    x = torch.from_numpy(X)
    whole, *states = first.module(x)
    other, *ends = second.module(x.transpose(0, 1))
    assert torch.equal(whole.permute(2, 0, 1, 3), other)
    for state, end in zip(states, ends, strict=True):
        assert torch.equal(state.transpose(0, 1), end)


@pytest.mark.parametrize(
    ("operator", "attributes", "message"),
    [
        ("GRU", {"clip": 3.0}, "limits values"),
        ("LSTM", {"input_forget": 1}, "couples input and forget gate"),
        ("LSTM", {"activations": ["Sigmoid", "Relu", "Tanh"]}, "has the activations sigmoid, relu"),
        ("RNN", {"activations": ["Softsign"]}, "has the activations softsign; supported: tanh"),
    ],
)
def test_what_is_refused(operator: str, attributes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        build(one(operator, {"x": X}, fixed(operator), hidden_size=SIZE, **attributes))


def test_shorter_sequences_are_refused() -> None:
    values = fixed("GRU") | {"lengths": np.array([4, 3, 2, 4], np.int32)}
    with pytest.raises(ModelError, match=r"sequences that are shorter than all 4 steps"):
        build(one("GRU", {"x": X}, values, hidden_size=SIZE))


@pytest.mark.parametrize("operator", GATES)
@pytest.mark.parametrize("late", [0, 1])
def test_through_the_importer(operator: str, late: int) -> None:
    helper = onnx.helper
    attributes = {"linear_before_reset": late} if operator == "GRU" else {}
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        helper.make_node(
            operator, ["t", "w", "r", "b"], ["a", "h"], "cell", hidden_size=SIZE, **attributes
        ),
        helper.make_node("Transpose", ["h"], ["u"], perm=[1, 0, 2]),
        helper.make_node("Flatten", ["u"], ["y"]),
    ]
    x = random(2, STEPS, FEATURES)
    imported(model(nodes, {"x": x}, fixed=fixed(operator)), {"x": x})
