"""Chooses where a layer runs, and says why."""

from __future__ import annotations

from modelgen.errors import ModelError
from modelgen.ir.graph import Node
from modelgen.operators import (
    Argmax,
    AvgPool2d,
    Conv2d,
    Linear,
    MaxPool2d,
    Operator,
    Permute,
    Pointwise,
    Softmax,
)

ENGINE = "engine"
CPU = "cpu"

_PLACES: dict[type[Operator], tuple[str, str]] = {
    Linear: (ENGINE, "matrix product"),
    Conv2d: (ENGINE, "convolution, read from the feature map without a copy"),
    MaxPool2d: (ENGINE, "maximum of the window, past the array"),
    AvgPool2d: (ENGINE, "sum of the window, past the array"),
    Pointwise: (ENGINE, "scale, bias, addition and clamp of the store path"),
    Softmax: (CPU, "exponentials and a division, which the engine does not have"),
    Permute: (CPU, "puts the words of feature maps in another order, which no layer's jobs do"),
    Argmax: (CPU, "compares channels with each other, which the engine cannot"),
}


def choose_place(node: Node) -> tuple[str, str]:
    """Return (place, reason)."""
    place = _PLACES.get(type(node.operator))
    if place is None:
        name = node.operator.name
        raise ModelError(f"Layer '{node.name}': no device code for the operator {name}.")
    return place
