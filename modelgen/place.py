"""Chooses where a layer runs, and says why."""

from __future__ import annotations

from modelgen.errors import ModelError
from modelgen.graph import Node

ENGINE = "engine"
CPU = "cpu"

_PLACES = {
    "quantized_linear": (ENGINE, "matrix product"),
    "relu": (CPU, "no linear layer before it whose store could clamp"),
    "softmax": (CPU, "exponentials and a division"),
}


def choose_place(node: Node) -> tuple[str, str]:
    """Return (place, reason)."""
    if node.op not in _PLACES:
        raise ModelError(f"Layer '{node.name}': no device code for the operator {node.op}.")
    return _PLACES[node.op]
