"""Layers that older opsets lack, found in the nodes that exporters write for them.

Opsets before 14 to 24 do not have SiLU, GELU and the like, nor layer norms: exporters write a
product with a sigmoid instead, or a mean, differences, squares and roots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modelgen.frontends.nodes.functions import function_pattern
from modelgen.frontends.nodes.module import Step
from modelgen.frontends.nodes.patterns import Match, Steps, joined, number_of
from modelgen.frontends.onnx.operators.normalization import layer_normalization

_ELEMENTWISE = (
    *("Abs", "Add", "Clip", "Div", "Erf", "Exp", "HardSigmoid", "Identity", "Mul", "Neg", "Pow"),
    *("Reciprocal", "Relu", "Sigmoid", "Softplus", "Sub", "Tanh"),
)
"""Operators that functions of one value are written with."""


def recognized(
    steps: Sequence[Step], outputs: Sequence[str], ranks: Mapping[str, int]
) -> list[Step]:
    """Return steps with those made one that compute a function or a layer together.

    Args:
        steps: of a model, in order.
        outputs: tensors that the model returns.
        ranks: tensor that depends on the inputs -> its number of dimensions.
    """
    return joined(_PATTERNS, steps, outputs, ranks)


def _affine_layer_norm(view: Steps, last: Step) -> Match | None:
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
            return Match(
                "LayerNormalization", layer_normalization, inputs, steps, constants, norm.attributes
            )
    return None


def _layer_norm(view: Steps, last: Step) -> Match | None:
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
        variance, epsilon = view.made(total.inputs[at], "ReduceMean"), number_of(total, other)
        if variance is None or epsilon is None:
            continue
        squares = _squares(view, variance.inputs[0], centered.outputs[0])
        if squares is not None and _of_last(view, mean) and _of_last(view, variance):
            steps = (mean, centered, squares, variance, total, root, last)
            given = {"axis": -1, "epsilon": epsilon}
            return Match("LayerNormalization", layer_normalization, (x,), steps, {}, given)
    return None


def _squares(view: Steps, name: str, source: str) -> Step | None:
    """Return the step that computes the squares of a tensor, if this is what a tensor is."""
    power, product = view.made(name, "Pow"), view.made(name, "Mul")
    if power is not None and power.inputs[0] == source and number_of(power, 1) == 2.0:
        return power
    return product if product is not None and product.inputs == (source, source) else None


def _of_last(view: Steps, step: Step) -> bool:
    """Return whether a reduction is over the last dimension alone, and keeps it."""
    node = step.layer.node
    axes = node.ints(1, "list of axes") if 1 in node.constants else node.attribute("axes", [])
    rank = view.ranks[step.inputs[0]]
    return [axis % rank for axis in axes] == [rank - 1] and bool(node.attribute("keepdims", 1))


_PATTERNS = (_affine_layer_norm, _layer_norm, function_pattern(_ELEMENTWISE))
