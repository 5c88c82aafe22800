"""Functions that older opsets lack, found in the nodes that exporters write for them.

The device computes SiLU, GELU and the like as one function, and a layer norm as one layer. Opsets
before 14 to 24 do not have these operators: exporters write a product with a sigmoid instead, or
a mean, differences, squares and roots.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from modelgen.frontends.onnx.module import Step, layer
from modelgen.frontends.onnx.nodes import OnnxNode
from modelgen.frontends.onnx.operators import OPERATORS


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
    for pattern in _PATTERNS.get(last.layer.node.operator, ()):
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


def _is(number: float | None, wanted: float) -> bool:
    return number is not None and math.isclose(number, wanted, rel_tol=1e-6)


def _with_number(step: Step | None, wanted: float) -> str | None:
    """Return the other input of a step with two, one of which is a number."""
    for number, other in ((0, 1), (1, 0)):
        if step is not None and _is(_number(step, number), wanted):
            return step.inputs[other]
    return None


def _gate(inner: Sequence[str], operator: str) -> Callable[[_Steps, Step], _Match | None]:
    """Return the pattern of a product of x and a function of x.

    Args:
        inner: the operators of the function, the outermost first.
        operator: what all of it is.
    """

    def pattern(view: _Steps, last: Step) -> _Match | None:
        for x, other in (last.inputs, last.inputs[::-1]):
            steps = [last]
            for name in inner:
                step = view.made(other, name)
                if step is None:
                    break
                steps.insert(0, step)
                other = step.inputs[0]
            if len(steps) == len(inner) + 1 and other == x and _is_plain(steps[0]):
                return _Match(operator, (x,), tuple(steps))
        return None

    return pattern


def _is_plain(step: Step) -> bool:
    """Return whether a hard sigmoid is that of PyTorch; others have no attributes."""
    given = step.layer.node.attributes
    alpha, beta = given.get("alpha", 0.2), given.get("beta", 0.5)
    return step.layer.node.operator != "HardSigmoid" or (_is(alpha, 1 / 6) and _is(beta, 0.5))


def _gelu(view: _Steps, last: Step) -> _Match | None:
    """Match 0.5 x (1 + erf(x / sqrt(2))), the factors in any order."""
    factors, number, products = _factors(view, last)
    if len(factors) != 2 or not _is(number, 0.5):
        return None
    for x, other in (factors, factors[::-1]):
        plus = view.made(other, "Add")
        erf = view.made(_with_number(plus, 1.0) or "", "Erf")
        if plus is None or erf is None:
            continue
        scaled = view.made(erf.inputs[0], "Div")
        if scaled is not None:
            source = scaled.inputs[0] if _is(_number(scaled, 1), math.sqrt(2)) else None
        else:
            scaled = view.made(erf.inputs[0], "Mul")
            source = _with_number(scaled, math.sqrt(0.5))
        if scaled is not None and source == x:
            return _Match("Gelu", (x,), (scaled, erf, plus, *products))
    return None


def _factors(view: _Steps, last: Step) -> tuple[list[str], float, list[Step]]:
    """Return the tensors in a product of up to three factors, the number, and its steps."""
    factors: list[str] = []
    number = 1.0
    steps = [last]
    for position, name in enumerate(last.inputs):
        constant, inner = _number(last, position), view.made(name, "Mul")
        if constant is not None:
            number *= constant
        elif inner is not None and view.are_alone((inner, last)):
            steps.insert(0, inner)
            for place, factor in enumerate(inner.inputs):
                constant = _number(inner, place)
                number *= 1.0 if constant is None else constant
                factors += [factor] if constant is None else []
        else:
            factors.append(name)
    return factors, number, steps


def _affine_layer_norm(view: _Steps, last: Step) -> _Match | None:
    """Match a layer norm with its weight and bias: n w + b."""
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
    if power is not None and power.inputs[0] == source and _is(_number(power, 1), 2.0):
        return power
    return product if product is not None and product.inputs == (source, source) else None


def _of_last(view: _Steps, step: Step) -> bool:
    """Return whether a reduction is over the last dimension alone, and keeps it."""
    node = step.layer.node
    axes = node.ints(1, "list of axes") if 1 in node.constants else node.attribute("axes", [])
    rank = view.ranks[step.inputs[0]]
    return [axis % rank for axis in axes] == [rank - 1] and bool(node.attribute("keepdims", 1))


_PATTERNS: dict[str, tuple[Callable[[_Steps, Step], _Match | None], ...]] = {
    "Add": (_affine_layer_norm,),
    "Div": (_layer_norm,),
    "Mul": (
        _gate(("Sigmoid",), "Swish"),
        _gate(("HardSigmoid",), "HardSwish"),
        _gate(("Tanh", "Softplus"), "Mish"),
        _gelu,
    ),
}
"""Operator of the last step -> what it may be the end of."""
