"""Weights to INT8, symmetric, one scale for a tensor or for each output channel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.errors import ModelError
from modelgen.graph import Graph, Node

LARGEST = 127
"""Weights lie in -127 .. 127: symmetric, so -128 is not used."""

SCHEMES = ("per_channel", "per_tensor")

_SMALLEST_SCALE = np.float32(2.0**-149)


def quantize(graph: Graph, scheme: str = "per_channel") -> Graph:
    """Replace every `linear` by a `quantized_linear`.

    Args:
        graph: a float graph.
        scheme: one of `SCHEMES`.

    Raises:
        ModelError: a weight or bias is NaN or infinite; the message names the layer.
    """
    if scheme not in SCHEMES:
        raise ModelError(f"Quantization '{scheme}' is unknown; use one of {', '.join(SCHEMES)}.")
    constants = dict(graph.constants)
    nodes = [
        _quantize_linear(graph, node, scheme, constants) if node.op == "linear" else node
        for node in graph.nodes
    ]
    return graph.with_nodes(nodes, constants=constants)


def _quantize_linear(
    graph: Graph, node: Node, scheme: str, constants: dict[str, np.ndarray]
) -> Node:
    weight = graph.constant(node, "weight")
    bias = graph.constant(node, "bias")
    _check_finite(node, "weights", weight)
    quantized, scale = quantize_weight(weight, scheme)
    # Layers that share a weight share the quantized weight too: names come from the weight's.
    name = node.constants["weight"]
    names = {role: f"{name}.{role}" for role in ("int8", "scale")}
    constants[names["int8"]], constants[names["scale"]] = quantized, scale
    if bias is None:
        bias_name = f"{name}.zero_bias"
        constants[bias_name] = np.zeros(len(weight), np.float32)
    else:
        bias_name = node.constants["bias"]
        _check_finite(node, "biases", bias)
    roles = {"weight": names["int8"], "scale": names["scale"], "bias": bias_name}
    return replace(node, op="quantized_linear", constants=roles)


def quantize_weight(weight: np.ndarray, scheme: str) -> tuple[np.ndarray, np.ndarray]:
    """Return INT8 weights and FP32 scales, one an output channel, with weight ~ int8 * scale.

    Args:
        weight: FP32, shape (N, K), finite.
        scheme: "per_channel" (each row its own scale) or "per_tensor" (all the same).

    Returns:
        int8 of shape (N, K) and float32 of shape (N,). A channel of zeros has the scale 1.
    """
    wide = weight.astype(np.float64)
    largest = np.abs(wide).max(axis=1, initial=0.0)
    if scheme == "per_tensor":
        largest = np.full_like(largest, largest.max(initial=0.0))
    scale = _scale_of(largest)
    quantized = np.rint(wide / scale.astype(np.float64)[:, None])
    return np.clip(quantized, -LARGEST, LARGEST).astype(np.int8), scale


def _scale_of(largest: np.ndarray) -> np.ndarray:
    """Return largest / 127 in FP32, never zero, and never so small that 127 would not suffice."""
    scale = np.maximum((largest / LARGEST).astype(np.float32), _SMALLEST_SCALE)
    too_small = largest / scale.astype(np.float64) > LARGEST + 0.5
    scale = np.where(too_small, np.nextafter(scale, np.float32(np.inf)), scale)
    return np.where(largest == 0, np.float32(1.0), scale).astype(np.float32)


def _check_finite(node: Node, what: str, values: np.ndarray) -> None:
    wrong = int((~np.isfinite(values)).sum())
    if wrong:
        raise ModelError(
            f"Layer '{node.name}' has {wrong} of {values.size} {what} that are NaN or infinite: "
            "it cannot be quantized. Did the training diverge?"
        )
