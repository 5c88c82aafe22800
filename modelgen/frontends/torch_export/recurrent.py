"""Import of recurrent layers: LSTM, GRU and RNN, unrolled for the length of the example.

The part of the gates that depends on the input is one matrix product for all steps; each step adds
the part that depends on its state, and computes the next state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from modelgen.frontends.torch_export.calls import arguments, layer_name
from modelgen.frontends.torch_export.complaints import EVALUATION
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import (
    Concatenate,
    Elementwise,
    GruState,
    Linear,
    LstmOutput,
    LstmState,
    Pointwise,
    Reshape,
    Slice,
)
from modelgen.operators.epilogue import Epilogue

State = dict[str, str]
"""What a step hands on to the next: "h", and "c" for an LSTM -> its tensor, shape (batch, size)."""


@dataclass(frozen=True)
class _Weights:
    """The parameters of one layer in one direction, as nodes of the exported program."""

    input: Any
    hidden: Any
    input_bias: Any = None
    hidden_bias: Any = None
    projection: Any = None
    """Of an LSTM with proj_size: from its output to the hidden state."""


class _Cell:
    """One layer in one direction: adds the nodes of its steps."""

    def __init__(self, to: Translation, call: Any, weights: _Weights, name: str) -> None:
        self.to, self.call, self.name = to, call, name
        self._weights = weights

    def of_input(self, source: str) -> str:
        """Return the part of the gates that depends on the input, for all rows of a tensor."""
        return self._linear("gates", source, self._weights.input, self._weights.input_bias)

    def of_hidden(self, state: State, step: str) -> str:
        """Return the part of the gates that depends on the hidden state."""
        weights = self._weights
        return self._linear(f"{step}.hidden", state["h"], weights.hidden, weights.hidden_bias)

    def add(self, name: str, *sources: str) -> str:
        """Return the sum of two tensors of the same shape."""
        return self.apply(name, Pointwise(Epilogue(residual=True)), *sources)

    def apply(self, name: str, operator: Any, *sources: str, roles: Any = None) -> str:
        """Add a node of this layer."""
        full = f"{self.name}.{name}"
        return self.to.apply(self.call, operator, *sources, name=full, roles=roles)

    def projected(self, step: str, source: str) -> str:
        """Return the hidden state that follows from an LSTM's output."""
        weight = self._weights.projection
        return source if weight is None else self._linear(f"{step}.projected", source, weight, None)

    def _linear(self, name: str, source: str, weight: Any, bias: Any) -> str:
        roles = self.to.parameters(self.call, {"weight": weight, "bias": bias})
        return self.apply(name, Linear(), source, roles=roles)


Step = Callable[[_Cell, str, str, State], State]
"""Adds a step: the layer, the step's name, its part of the gates that depends on the input, and the
state before; returns the state after."""


def _lstm_step(cell: _Cell, name: str, given: str, state: State) -> State:
    gates = cell.add(name, cell.of_hidden(state, name), given)
    memory = cell.apply(f"{name}.cell", LstmState(), gates, state["c"])
    output = cell.apply(f"{name}.output", LstmOutput(), gates, memory)
    return {"h": cell.projected(name, output), "c": memory}


def _gru_step(cell: _Cell, name: str, given: str, state: State) -> State:
    hidden = cell.of_hidden(state, name)
    return {"h": cell.apply(f"{name}.output", GruState(), given, hidden, state["h"])}


def _tanh_step(cell: _Cell, name: str, given: str, state: State) -> State:
    total = cell.add(name, cell.of_hidden(state, name), given)
    return {"h": cell.apply(f"{name}.output", Elementwise("tanh"), total)}


def _relu_step(cell: _Cell, name: str, given: str, state: State) -> State:
    total = cell.add(name, cell.of_hidden(state, name), given)
    return {"h": cell.apply(f"{name}.output", Pointwise(Epilogue(low=0.0)), total)}


def _layers(step: Step, states: Sequence[str]) -> Callable[[Translation, Any], None]:
    """Return the function that adds a layer of a kind, whose state has these parts."""

    def add(to: Translation, call: Any) -> None:
        given = arguments(call)
        if given["train"] and given["dropout"]:
            to.reject(call, "drops values even in evaluation mode", EVALUATION)
        initial = given["hx"] if len(states) > 1 else [given["hx"]]
        before = {state: to.read(call, node) for state, node in zip(states, initial, strict=True)}
        first = given["batch_first"]
        source = to.read(call, given["input"], (1, 0, 2) if first else (0, 1, 2))
        weights = _grouped(given)
        ends: dict[str, list[str]] = {state: [] for state in states}
        for layer in range(given["num_layers"]):
            results = []
            for backwards in (False, True)[: 1 + given["bidirectional"]]:
                index = len(ends["h"])
                name = f"{layer_name(call)}.l{layer}{'_reverse' if backwards else ''}"
                cell = _Cell(to, call, weights[index], name)
                start = {state: _part(cell, state, before[state], index) for state in states}
                outputs, end = _unrolled(cell, step, source, start, backwards=backwards)
                results.append(outputs)
                for state in states:
                    ends[state].append(end[state])
            source = results[0]
            if len(results) > 1:
                source = cell.apply("both", Concatenate(), *results)
        to.define(call, source, (1, 0, 2) if first else (0, 1, 2), index=0)
        for index, state in enumerate(states, 1):
            to.define(call, _stacked(cell, f"{state}_n", ends[state]), index=index)

    return add


def _grouped(given: dict[str, Any]) -> list[_Weights]:
    """Return the parameters of each layer and direction, in order."""
    params, directions = given["params"], 1 + given["bidirectional"]
    each = len(params) // (given["num_layers"] * directions)
    biases = 2 if given["has_biases"] else 0
    found = []
    for first in range(0, len(params), each):
        own = params[first : first + each]
        projection = own[2 + biases] if each > 2 + biases else None
        bias = own[2:4] if biases else (None, None)
        found.append(_Weights(own[0], own[1], bias[0], bias[1], projection))
    return found


def _part(cell: _Cell, name: str, source: str, index: int) -> str:
    """Return one of the matrices of a tensor of rank 3."""
    rows, columns = cell.to.shape(source)[1:]
    part = Slice((index, 0, 0), (1, rows, columns), (1, 1, 1))
    return cell.apply(f"{name}.shaped", Reshape((rows, columns)), cell.apply(name, part, source))


def _unrolled(
    cell: _Cell, step: Step, source: str, state: State, *, backwards: bool
) -> tuple[str, State]:
    """Add all steps; return the hidden states of all, (steps, batch, size), and the last state."""
    gates = cell.of_input(source)
    steps = range(cell.to.shape(source)[0])
    outputs = {}
    for time in reversed(steps) if backwards else steps:
        state = step(cell, f"t{time}", _part(cell, f"t{time}.gates", gates, time), state)
        outputs[time] = state["h"]
    return _stacked(cell, "outputs", [outputs[time] for time in steps]), state


def _stacked(cell: _Cell, name: str, parts: Sequence[str]) -> str:
    """Return matrices of the same shape one after another, as a tensor of rank 3."""
    rows, columns = cell.to.shape(parts[0])
    flat = [cell.to.reshaped(cell.call, part, (1, rows * columns)) for part in parts]
    joined = cell.apply(f"{name}.joined", Concatenate(), *flat)
    return cell.apply(name, Reshape((len(parts), rows, columns)), joined)


def _single(step: Step, states: Sequence[str]) -> Callable[[Translation, Any], None]:
    """Return the function that adds a single step, such as nn.LSTMCell."""

    def add(to: Translation, call: Any) -> None:
        given = arguments(call)
        initial = given["hx"] if len(states) > 1 else [given["hx"]]
        state = {name: to.read(call, node) for name, node in zip(states, initial, strict=True)}
        weights = _Weights(given["w_ih"], given["w_hh"], given["b_ih"], given["b_hh"])
        cell = _Cell(to, call, weights, layer_name(call))
        after = step(cell, "step", cell.of_input(to.read(call, given["input"])), state)
        if len(states) == 1:
            to.define(call, after["h"])
        else:
            for index, name in enumerate(states):
                to.define(call, after[name], index=index)

    return add


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.lstm.input": _layers(_lstm_step, ("h", "c")),
    "aten.gru.input": _layers(_gru_step, ("h",)),
    "aten.rnn_tanh.input": _layers(_tanh_step, ("h",)),
    "aten.rnn_relu.input": _layers(_relu_step, ("h",)),
    "aten.lstm_cell.default": _single(_lstm_step, ("h", "c")),
    "aten.gru_cell.default": _single(_gru_step, ("h",)),
    "aten.rnn_tanh_cell.default": _single(_tanh_step, ("h",)),
    "aten.rnn_relu_cell.default": _single(_relu_step, ("h",)),
}
"""ATen operator -> the function that adds it."""
