"""Chooses where a layer runs, and says why."""

from __future__ import annotations

from modelgen.errors import ModelError
from modelgen.ir.graph import Node

ENGINE = "engine"
CPU = "cpu"

_PLACES = {
    "quantized_linear": (ENGINE, "matrix product"),
    "quantized_conv2d": (ENGINE, "convolution, read from the feature map without a copy"),
    "max_pool2d": (ENGINE, "maximum of the window, past the array"),
    "avg_pool2d": (ENGINE, "sum of the window, past the array"),
    "pointwise": (ENGINE, "scale, bias, addition and clamp of the store path"),
    "softmax": (CPU, "exponentials and a division, which the engine does not have"),
    "permute": (CPU, "puts the words of feature maps in another order, which no layer's jobs do"),
    "argmax": (CPU, "compares channels with each other, which the engine cannot"),
}


def choose_place(node: Node) -> tuple[str, str]:
    """Return (place, reason)."""
    if node.op not in _PLACES:
        raise ModelError(f"Layer '{node.name}': no device code for the operator {node.op}.")
    return _PLACES[node.op]
