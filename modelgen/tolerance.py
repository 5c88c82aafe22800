"""How far the device's outputs may lie from PyTorch's.

Both compute the same sums in another order and with other roundings. The difference of one sum is
bounded relative to the sum of the absolute products, plus what aligning activations to the largest
of a slice can lose; that bound is carried through the network.
"""

from __future__ import annotations

import numpy as np

from modelgen.graph import Graph, Node

RELATIVE = 2.0**-20
"""Allowed difference of a matrix product, relative to the sum of its absolute products."""
ALIGNMENT = 2.0**-26
"""Half a unit of an aligned activation, relative to the largest activation of its row."""
SOFTMAX_RELATIVE = 2.0**-17
"""Allowed relative difference of softmax for equal logits."""
SMALLEST = 2.0**-100
"""Absolute difference that is always allowed: results that underflow."""


def output_tolerance(graph: Graph, values: np.ndarray) -> np.ndarray:
    """Return the largest difference that each output may show.

    Args:
        graph: quantized.
        values: FP32, shape (inputs, features...).

    Returns:
        FP64, shape (inputs, outputs).
    """
    tensors = {graph.input: (values.astype(np.float64), np.zeros(values.shape))}
    for node in graph.nodes:
        value, error = tensors[node.inputs[0]]
        tensors[node.output] = _propagate(graph, node, value, error)
    return tensors[graph.output][1].reshape(len(values), -1) + SMALLEST


def _propagate(
    graph: Graph, node: Node, value: np.ndarray, error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a node's output and the bound on its difference."""
    if node.op == "quantized_linear":
        return _linear(graph, node, value, error)
    if node.op == "softmax":
        return _softmax(value, error, graph.tensors[node.output].columns)
    return np.maximum(value, 0.0), error


def _linear(
    graph: Graph, node: Node, value: np.ndarray, error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    weight = graph.constant(node, "weight").astype(np.float64).T * graph.constant(
        node, "scale"
    ).astype(np.float64)
    bias = graph.constant(node, "bias").astype(np.float64)
    value, error = (array.reshape(-1, weight.shape[0]) for array in (value, error))
    low, high = node.attributes.get("clamp", (None, None))
    size = np.abs(weight)
    magnitude = np.abs(value) @ size + np.abs(bias)
    alignment = np.abs(value).max(axis=1, keepdims=True) * size.sum(axis=0)
    result = value @ weight + bias
    if low is not None or high is not None:
        result = np.clip(result, low, high)
    return result, error @ size + RELATIVE * magnitude + ALIGNMENT * alignment


def _softmax(value: np.ndarray, error: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    value, error = value.reshape(-1, columns), error.reshape(-1, columns)
    powers = np.exp(value - value.max(axis=1, keepdims=True))
    result = powers / powers.sum(axis=1, keepdims=True)
    # Each logit moves by at most the row's largest error: numerator and denominator by its exp.
    growth = np.expm1(np.minimum(2.0 * error.max(axis=1, keepdims=True), 1.0))
    return result, np.minimum(result * (growth + SOFTMAX_RELATIVE), 1.0) + 1e-37
