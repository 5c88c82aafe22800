"""Recurrent layers: LSTM, GRU and RNN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode

_LSTM = (0, 2, 3, 1)
"""Positions among ONNX's gates (input, output, forget, cell) of input, forget, cell, output."""
_GRU = (1, 0, 2)
"""Positions among ONNX's gates (update, reset, new) of reset, update, new."""
_ACTIVATIONS = {"LSTM": ["sigmoid", "tanh", "tanh"], "GRU": ["sigmoid", "tanh"], "RNN": ["tanh"]}
_DIRECTIONS = ("forward", "reverse", "bidirectional")


@dataclass(frozen=True)
class _Sequence:
    """What a node reads, in PyTorch's order."""

    values: Tensor
    """Shape (steps, batch, features), turned round if the direction is reverse."""
    weights: list[Tensor]
    """Of each direction: of the input, of the hidden state, and their biases."""
    states: list[Tensor]
    """Before the first step, shape (directions, batch, size)."""


def lstm(node: FileNode, *values: Tensor | None) -> tuple[Tensor, ...]:
    """Return the hidden states of all steps, and the last hidden and cell state."""
    given = _given(node, values, _LSTM, [5, 6])
    if node.has(7):
        node.refuse("has peepholes (P), which are not supported")
    if node.attribute("input_forget", 0):
        node.refuse("couples input and forget gate (input_forget), which is not supported")
    both = node.attribute("direction", "forward") == "bidirectional"
    outputs, *states = torch.lstm(
        given.values, given.states, given.weights, True, 1, 0.0, False, both, False
    )
    return _results(node, outputs, states)


def gru(node: FileNode, *values: Tensor | None) -> tuple[Tensor, ...]:
    """Return the hidden states of all steps, and the last one."""
    given = _given(node, values, _GRU, [5])
    both = node.attribute("direction", "forward") == "bidirectional"
    if node.attribute("linear_before_reset", 0):
        outputs, state = torch.gru(
            given.values, given.states[0], given.weights, True, 1, 0.0, False, both, False
        )
    else:
        outputs, state = _gru_with_early_reset(given)
    return _results(node, outputs, [state])


def _gru_with_early_reset(given: _Sequence) -> tuple[Tensor, Tensor]:
    """Return what a GRU does that resets its state before the product with the weights."""
    ends, results = [], []
    for direction, state in enumerate(given.states[0].unbind()):
        w, r, w_bias, r_bias = given.weights[4 * direction : 4 * direction + 4]
        size = state.shape[-1]
        gates = F.linear(given.values, w, w_bias).unbind()
        outputs = {}
        steps = range(len(gates))
        for step in reversed(steps) if direction else steps:
            hidden = F.linear(state, r[: 2 * size], r_bias[: 2 * size])
            reset, update = torch.sigmoid(gates[step][:, : 2 * size] + hidden).split(size, 1)
            new = F.linear(reset * state, r[2 * size :], r_bias[2 * size :])
            new = torch.tanh(gates[step][:, 2 * size :] + new)
            state = new + update * (state - new)
            outputs[step] = state
        results.append(torch.stack([outputs[step] for step in steps]))
        ends.append(state)
    return torch.cat(results, 2), torch.stack(ends)


def rnn(node: FileNode, *values: Tensor | None) -> tuple[Tensor, ...]:
    """Return the hidden states of all steps, and the last one."""
    given = _given(node, values, (0,), [5])
    both = node.attribute("direction", "forward") == "bidirectional"
    function = torch.rnn_relu if _activations(node)[0] == "relu" else torch.rnn_tanh
    outputs, state = function(
        given.values, given.states[0], given.weights, True, 1, 0.0, False, both, False
    )
    return _results(node, outputs, [state])


def _activations(node: FileNode) -> list[str]:
    """Return the activations of the first direction, in lower case."""
    default = _ACTIVATIONS[node.operator]
    names = node.attribute("activations") or default
    return [name.lower() for name in names[: len(default)]]


def _check(node: FileNode, steps: int) -> None:
    """Refuse what PyTorch's layers cannot do."""
    default = _ACTIVATIONS[node.operator]
    names = [name.lower() for name in node.attribute("activations") or default]
    known = [default, ["relu"]] if node.operator == "RNN" else [default]
    each = _activations(node)
    if each not in known or names != each * (len(names) // len(each)):
        node.refuse(f"has the activations {', '.join(names)}; supported: {', '.join(default)}")
    if node.attribute("clip"):
        node.refuse("limits values (clip), which is not supported")
    direction = node.attribute("direction", "forward")
    if direction not in _DIRECTIONS:
        node.refuse(f"has the direction '{direction}'; valid choices: {', '.join(_DIRECTIONS)}")
    if node.has(4) and set(node.ints(4, "list of lengths")) != {steps}:
        node.refuse(f"has sequences that are shorter than all {steps} steps (sequence_lens)")


def _given(
    node: FileNode, values: Sequence[Tensor | None], order: Sequence[int], initial: Sequence[int]
) -> _Sequence:
    """Return what a node reads.

    Args:
        node: the node.
        values: its inputs.
        order: position of each of PyTorch's gates among those of ONNX.
        initial: positions of the inputs with the states before the first step.
    """
    x, w, r = values[:3]
    assert x is not None and w is not None and r is not None
    batch_first = bool(node.attribute("layout", 0))
    x = x.transpose(0, 1) if batch_first else x
    _check(node, x.shape[0])
    size, gates = r.shape[-1], len(order) * r.shape[-1]
    both = 2 if node.attribute("direction", "forward") == "bidirectional" else 1
    if w.shape != (both, gates, x.shape[-1]) or r.shape != (both, gates, size):
        node.refuse(f"has weights {list(w.shape)} and {list(r.shape)}, and gets {list(x.shape)}")
    bias = values[3] if node.has(3) else w.new_zeros(both, 2 * gates)
    assert bias is not None
    weights = []
    for direction in range(w.shape[0]):
        halves = bias[direction].split(gates)
        parts = (w[direction], r[direction], *halves)
        weights += [torch.cat([part.split(size)[gate] for gate in order]) for part in parts]
    states = []
    for position in initial:
        state = values[position] if node.has(position) else None
        if state is None:
            state = torch.zeros(w.shape[0], x.shape[1], size)
        elif batch_first:
            state = state.transpose(0, 1)
        states.append(state)
    return _Sequence(_turned(node, x), weights, states)


def _turned(node: FileNode, sequence: Tensor) -> Tensor:
    """Return the steps in reverse if that is the node's only direction."""
    return sequence.flip(0) if node.attribute("direction", "forward") == "reverse" else sequence


def _results(node: FileNode, outputs: Tensor, states: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return results in ONNX's order: (steps, directions, batch, size), and the last states."""
    steps, batch, _ = outputs.shape
    size = states[0].shape[-1]
    parts = _turned(node, outputs).reshape(steps, batch, -1, size)
    if node.attribute("layout", 0):
        return (parts.transpose(0, 1), *(state.transpose(0, 1) for state in states))
    return (parts.permute(0, 2, 1, 3), *states)


OPERATORS: dict[str, Function] = {"GRU": gru, "LSTM": lstm, "RNN": rnn}
"""Operator type -> its function."""
