"""Which operators the engine computes, and how; for the others, why it cannot."""

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
    MaxPool2d: "maximum over the window, bypassing the array",
    AvgPool2d: "sum over the window, bypassing the array",
    Pointwise: "scale, bias, addition and clamp in the store path",
}
_LACKING: dict[type[Operator], str] = {
    Softmax: "exponentials and a division, which the engine does not have",
    Permute: "a new order of the words of feature maps, which the engine does not support",
    Argmax: "a comparison between channels, which the engine does not support",
}


def computed(operator: Operator) -> str | None:
    """Return how the engine computes an operator; None if it does not."""
    return _COMPUTED.get(type(operator))


def lacking(operator: Operator) -> str:
    """Return why the engine cannot compute an operator."""
    return _LACKING.get(type(operator), f"the engine does not support {operator.name}")
