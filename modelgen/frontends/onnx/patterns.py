"""Functions that older opsets lack, found in the nodes that exporters write for them.

The device computes SiLU, GELU and the like as one function, and a layer norm as one layer. Opsets
before 14 to 24 do not have these operators: exporters write a product with a sigmoid instead, or
a mean, differences, squares and roots.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import torch

from modelgen.frontends.onnx.module import Step, layer
from modelgen.frontends.onnx.nodes import OnnxNode
from modelgen.frontends.onnx.operators import OPERATORS

_ELEMENTWISE = (
    *("Abs", "Add", "Clip", "Div", "Erf", "Exp", "HardSigmoid", "Identity", "Mul", "Neg", "Pow"),
    *("Reciprocal", "Relu", "Sigmoid", "Softplus", "Sub", "Tanh"),
)
"""Operators that functions of one value are written with."""
_FUNCTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Swish", {}),
    ("HardSwish", {}),
    ("Mish", {}),
    ("Gelu", {}),
    ("Gelu", {"approximate": "tanh"}),
)
"""Functions that are looked for, and attributes."""
_LONGEST = 12
"""Steps that a function consists of at most."""
_TOLERANCE = 2.0**-19
"""How far results may be from the function's, times the argument: some are differences of numbers
of its size."""


@dataclass(frozen=True)
class _Match:
    """Steps that compute what a single operator does."""

    operator: str
    inputs: tuple[str, ...]
    steps: tuple[Step, ...]
    """All of them, the last one last."""
    constants: dict[int, np.ndarray] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)


class _Steps:
    """The steps of a model, by what they read and write."""

    def __init__(
        self, steps: Sequence[Step], outputs: Sequence[str], ranks: Mapping[str, int]
    ) -> None:
        self.ranks = ranks
        self._order = {id(step): place for place, step in enumerate(steps)}
        self._made = {name: step for step in steps for name in step.outputs if name}
        self._outputs = set(outputs)
        self._readers: dict[str, list[Step]] = {}
        for step in steps:
            for name in step.inputs:
                self._readers.setdefault(name, []).append(step)

    def made(self, name: str, operator: str) -> Step | None:
        """Return the step that computes a tensor, if it has this operator."""
        step = self._made.get(name)
        return step if step is not None and step.layer.node.operator == operator else None

    def last_of(self, names: Iterable[str]) -> Step | None:
        """Return the last of the steps that compute some tensors, or None if none does."""
        steps = [self._made[name] for name in names if name in self._made]
        return max(steps, key=lambda step: self._order[id(step)], default=None)

    def are_alone(self, steps: Sequence[Step]) -> bool:
        """Return whether nothing else reads what all but the last of some steps compute."""
        inside = {id(step) for step in steps}
        names = [name for step in steps[:-1] for name in step.outputs]
        return not self._outputs.intersection(names) and all(
            id(reader) in inside for name in names for reader in self._readers.get(name, ())
        )


def recognized(
    steps: Sequence[Step], outputs: Sequence[str], ranks: Mapping[str, int]
) -> list[Step]:
    """Return steps with those made one that compute a function together.

    Args:
        steps: of a model, in order.
        outputs: tensors that the model returns.
        ranks: tensor that depends on the inputs -> its number of dimensions.
    """
    view = _Steps(steps, outputs, ranks)
    gone: set[int] = set()
    found: list[Step] = []
    for step in reversed(steps):
        if id(step) in gone:
            continue
        match = next(_matches(view, step), None)
        if match is not None:
            gone.update(id(each) for each in match.steps)
            step = _joined(match)
        found.append(step)
    return found[::-1]


def _matches(view: _Steps, last: Step) -> Iterator[_Match]:
    for pattern in _PATTERNS:
        match = pattern(view, last)
        if match is not None and view.are_alone(match.steps):
            yield match


def _joined(match: _Match) -> Step:
    """Return one step for several, which has the name of the last."""
    last = match.steps[-1]
    node = OnnxNode(
        last.layer.node.name,
        match.operator,
        last.layer.node.opset,
        match.attributes,
        match.inputs,
        last.outputs,
        match.constants,
    )
    return Step(layer(node, OPERATORS[match.operator]), match.inputs, last.outputs)


def _number(step: Step, position: int) -> float | None:
    """Return an input that is a single constant number, or None."""
    values = step.layer.node.constants.get(position)
    return float(values.reshape(-1)[0]) if values is not None and values.size == 1 else None


def _function(view: _Steps, last: Step) -> _Match | None:
    """Match steps that compute a known function of one value, whatever its form.

    They do if their results are the function's for numbers of all sizes.
    """
    for source, steps in _cones(view, last):
        if len(steps) == 1 or view.ranks[source] != view.ranks[last.outputs[0]]:
            continue
        results = _results(steps, source)
        for operator, attributes, wanted in _known_functions():
            if ((results - wanted).abs() <= _TOLERANCE * _samples().abs()).all():
                return _Match(operator, (source,), steps, {}, attributes)
    return None


def _cones(view: _Steps, last: Step) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """Yield the tensors that alone decide on a result, and the steps between, in order."""
    steps = [last]
    while len(steps) <= _LONGEST and _is_elementwise(steps[0]):
        made = {name for step in steps for name in step.outputs}
        sources = {
            name
            for step in steps
            for at, name in enumerate(step.inputs)
            if name and name not in made and at not in step.layer.node.constants
        }
        if len(sources) == 1:
            yield next(iter(sources)), tuple(steps)
        before = view.last_of(sources)
        if before is None:
            return
        steps.insert(0, before)


def _is_elementwise(step: Step) -> bool:
    """Return whether a step computes each value from a value and numbers."""
    constants = step.layer.node.constants.values()
    return step.layer.node.operator in _ELEMENTWISE and all(each.size == 1 for each in constants)


def _results(steps: Sequence[Step], source: str) -> torch.Tensor:
    """Return what steps compute from the samples."""
    values = {source: _samples()}
    for step in steps:
        constants = step.layer.node.constants
        given = (
            torch.tensor(constants[at].item()) if at in constants else values.get(name)
            for at, name in enumerate(step.inputs)
        )
        (values[step.outputs[0]],) = step.layer(*given)
    return values[steps[-1].outputs[0]]


@cache
def _samples() -> torch.Tensor:
    """Return FP32 numbers of both signs and of all sizes, most of them where functions bend."""
    positive = np.concatenate([np.geomspace(1e-6, 1e4, 60), np.linspace(0.05, 12, 240)])
    return torch.from_numpy(np.concatenate([-positive, positive]).astype(np.float32))


@cache
def _known_functions() -> tuple[tuple[str, dict[str, Any], torch.Tensor], ...]:
    """Return operators that are functions of one value, their attributes and results."""
    found = []
    for operator, attributes in _FUNCTIONS:
        node = OnnxNode("", operator, 0, attributes, ("x",), ("y",), {})
        found.append((operator, attributes, OPERATORS[operator](node, _samples())))
    return tuple(found)


def _affine_layer_norm(view: _Steps, last: Step) -> _Match | None:
    """Match a layer norm with its weight and bias: n w + b."""
    if last.layer.node.operator != "Add":
        return None
    for at, other in ((0, 1), (1, 0)):
        product = view.made(last.inputs[at], "Mul")
        if product is None or other not in last.layer.node.constants:
            continue
        for place, weight in ((0, 1), (1, 0)):
            quotient = view.made(product.inputs[place], "Div")
            norm = _layer_norm(view, quotient) if quotient is not None else None
            values = product.layer.node.constants.get(weight)
            bias = last.layer.node.constants[other]
            if norm is None or values is None:
                continue
            inputs = (*norm.inputs, product.inputs[weight], last.inputs[other])
            constants = {1: values, 2: bias}
            steps = (*norm.steps, product, last)
            return _Match("LayerNormalization", inputs, steps, constants, norm.attributes)
    return None


def _layer_norm(view: _Steps, last: Step) -> _Match | None:
    """Match (x - mean) / sqrt(variance + epsilon) over the last dimension."""
    if last.layer.node.operator != "Div":
        return None
    centered, root = view.made(last.inputs[0], "Sub"), view.made(last.inputs[1], "Sqrt")
    if centered is None or root is None:
        return None
    x = centered.inputs[0]
    mean = view.made(centered.inputs[1], "ReduceMean")
    total = view.made(root.inputs[0], "Add")
    if mean is None or mean.inputs[0] != x or total is None:
        return None
    for at, other in ((0, 1), (1, 0)):
        variance, epsilon = view.made(total.inputs[at], "ReduceMean"), _number(total, other)
        if variance is None or epsilon is None:
            continue
        squares = _squares(view, variance.inputs[0], centered.outputs[0])
        if squares is not None and _of_last(view, mean) and _of_last(view, variance):
            steps = (mean, centered, squares, variance, total, root, last)
            given = {"axis": -1, "epsilon": epsilon}
            return _Match("LayerNormalization", (x,), steps, {}, given)
    return None


def _squares(view: _Steps, name: str, source: str) -> Step | None:
    """Return the step that computes the squares of a tensor, if this is what a tensor is."""
    power, product = view.made(name, "Pow"), view.made(name, "Mul")
    if power is not None and power.inputs[0] == source and _number(power, 1) == 2.0:
        return power
    return product if product is not None and product.inputs == (source, source) else None


def _of_last(view: _Steps, step: Step) -> bool:
    """Return whether a reduction is over the last dimension alone, and keeps it."""
    node = step.layer.node
    axes = node.ints(1, "list of axes") if 1 in node.constants else node.attribute("axes", [])
    rank = view.ranks[step.inputs[0]]
    return [axis % rank for axis in axes] == [rank - 1] and bool(node.attribute("keepdims", 1))


_PATTERNS = (_affine_layer_norm, _layer_norm, _function)
