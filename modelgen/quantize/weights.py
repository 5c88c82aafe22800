"""Quantization of weights to INT8: symmetric, with one scale per tensor or per output channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from modelgen.errors import ModelError
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Conv2d, Linear, Pointwise

LARGEST = 127
"""Weights of 8 bits are in -127 .. 127: symmetric, so -128 is not used."""
LARGEST_OF = {8: LARGEST, 4: 7}
"""Bits of a weight -> the largest one."""

SCHEMES = ("per_channel", "per_tensor")
SCALES = ("max", "mse")

_CANDIDATES = 64
"""Number of scales tried for the least squared error, from half the largest scale to all of it."""
_SMALLEST_SCALE = np.float32(2.0**-149)


BitsOf = Callable[[str], int]
"""Returns the bits of the weights of a layer."""


def quantize(
    graph: Graph,
    scheme: str = "per_channel",
    choice: str = "max",
    bits_of: BitsOf = lambda layer: 8,
) -> Graph:
    """Quantize the weights of every convolution and linear layer that computes in FP32.

    Args:
        graph: a float graph, or one of which parts are on integers.
        scheme: one of `SCHEMES`.
        choice: one of `SCALES`, see `quantize_weight`.
        bits_of: 8 or 4 for the name of a layer.

    Raises:
        ModelError: a weight or bias is NaN or infinite; the message names the layer.
    """
    _check_choice("quantization", scheme, SCHEMES)
    _check_choice("scale", choice, SCALES)
    constants = dict(graph.constants)
    nodes = [
        _quantize_node(graph, node, (scheme, choice, bits_of(node.name)), constants)
        if isinstance(node.operator, Conv2d | Linear)
        else node
        for node in graph.nodes
    ]
    for node in nodes:
        if isinstance(node.operator, Pointwise):
            _check_constants(graph, node)
    return graph.with_nodes(nodes, constants=constants)


def _check_choice(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ModelError(f"Unknown {what} '{value}'. Valid choices: {', '.join(allowed)}.")


def _check_constants(graph: Graph, node: Node) -> None:
    for role in node.constants:
        check_finite(node, f"{role} values", graph.arrays(node)[role])


def _quantize_node(
    graph: Graph, node: Node, how: tuple[str, str, int], constants: dict[str, np.ndarray]
) -> Node:
    arrays = graph.arrays(node)
    weight, bias = arrays["weight"], arrays.get("bias")
    check_finite(node, "weights", weight)
    # Named after the weight, so that layers that share a weight also share the quantized one.
    name = node.constants["weight"]
    # Those of 4 bits are bytes, too.
    own = name if how[-1] == 8 else f"{name}.{how[-1]}_bits"
    names = {role: f"{own}.{role}" for role in ("int8", "scale")}
    if names["int8"] not in constants:
        quantized, scale = quantize_weight(weight.reshape(len(weight), -1), *how)
        constants[names["int8"]] = quantized.reshape(weight.shape)
        constants[names["scale"]] = scale
    if bias is None:
        bias_name = f"{name}.zero_bias"
        constants[bias_name] = np.zeros(len(weight), np.float32)
    else:
        bias_name = node.constants["bias"]
        check_finite(node, "biases", bias)
    roles = {"weight": names["int8"], "scale": names["scale"], "bias": bias_name}
    return replace(node, constants=roles)


def quantize_weight(
    weight: np.ndarray, scheme: str, choice: str = "max", bits: int = 8
) -> tuple[np.ndarray, np.ndarray]:
    """Return INT8 weights and FP32 scales, one per output channel, with weight ~ int8 * scale.

    Args:
        weight: FP32, shape (N, K), finite.
        scheme: "per_channel" (a scale for each row) or "per_tensor" (the same for all rows).
        choice: "max" (the largest weight becomes the largest integer) or "mse" (among scales down
            to half of that, the one with the least sum of squared errors; weights beyond saturate).
        bits: of an integer: 8 (-127 .. 127) or 4 (-7 .. 7).

    Returns:
        int8 of shape (N, K) and float32 of shape (N,). A channel of zeros has the scale 1.
    """
    groups = weight.astype(np.float64)
    if scheme == "per_tensor":
        groups = groups.reshape(1, -1)
    largest = np.abs(groups).max(axis=1, initial=0.0)
    limit = LARGEST_OF[bits]
    scale = _scale_of(largest, limit)
    if choice == "mse":
        scale = _least_squares(groups, largest, scale, limit)
    scale = np.broadcast_to(scale, len(weight)).copy()
    return _rounded(weight.astype(np.float64), scale, limit).astype(np.int8), scale


def _rounded(groups: np.ndarray, scale: np.ndarray, limit: int) -> np.ndarray:
    """Return the weights as integers in -limit .. limit, in FP64."""
    return np.clip(np.rint(groups / scale.astype(np.float64)[:, None]), -limit, limit)


def _least_squares(
    groups: np.ndarray, largest: np.ndarray, scale: np.ndarray, limit: int
) -> np.ndarray:
    """Return, for each row, the scale of least squared error, or `scale` if none is better."""
    best, least = scale, _squared_errors(groups, scale, limit)
    for factor in np.linspace(1.0, 0.5, _CANDIDATES + 1)[1:]:
        candidate = _scale_of(largest * factor, limit)
        error = _squared_errors(groups, candidate, limit)
        best = np.where(error < least, candidate, best)
        least = np.minimum(error, least)
    return best


def _squared_errors(groups: np.ndarray, scale: np.ndarray, limit: int) -> np.ndarray:
    """Return each row's sum of squared errors, relative to its largest weight (no overflow)."""
    unit = np.maximum(np.abs(groups).max(axis=1, keepdims=True, initial=0.0), 1e-300)
    error = (_rounded(groups, scale, limit) * scale.astype(np.float64)[:, None] - groups) / unit
    return (error**2).sum(axis=1)


def _scale_of(largest: np.ndarray, limit: int) -> np.ndarray:
    """Return largest / limit in FP32, never zero, and never so small that weights exceed it."""
    scale = np.maximum((largest / limit).astype(np.float32), _SMALLEST_SCALE)
    too_small = largest / scale.astype(np.float64) > limit + 0.5
    scale = np.where(too_small, np.nextafter(scale, np.float32(np.inf)), scale)
    return np.where(largest == 0, np.float32(1.0), scale).astype(np.float32)


def check_finite(node: Node, what: str, values: np.ndarray) -> None:
    """Raise ModelError if values of a node are NaN or infinite; `what` says which."""
    wrong = int((~np.isfinite(values)).sum())
    if wrong:
        raise ModelError(
            f"Layer '{node.name}' cannot be quantized: {wrong} of its {values.size} {what} are NaN "
            "or infinite. Did the training diverge?"
        )
