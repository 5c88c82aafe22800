"""Which operators the engine computes, and how; of the others, what it lacks."""

from __future__ import annotations

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

_COMPUTED: dict[type[Operator], str] = {
    Linear: "matrix product",
    Conv2d: "convolution, read from the feature map without a copy",
    MaxPool2d: "maximum of the window, past the array",
    AvgPool2d: "sum of the window, past the array",
    Pointwise: "scale, bias, addition and clamp of the store path",
}
_LACKING: dict[type[Operator], str] = {
    Softmax: "exponentials and a division, which the engine does not have",
    Permute: "puts the words of feature maps in another order, which no layer's jobs do",
    Argmax: "compares channels with each other, which the engine cannot",
}


def computed(operator: Operator) -> str | None:
    """Return how the engine computes an operator; None if it does not."""
    return _COMPUTED.get(type(operator))


def lacking(operator: Operator) -> str:
    """Return why the engine cannot compute an operator."""
    return _LACKING.get(type(operator), f"{operator.name} is not one of the engine's operations")
