"""How far the device's outputs may lie from PyTorch's.

Both compute the same sums in another order and with other roundings. The difference of one sum is
bounded relative to the sum of the absolute products, plus what aligning activations to the largest
of a slice can lose; that bound is carried through the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from modelgen.ir.graph import Graph, Node

RELATIVE = 2.0**-20
"""Allowed difference of a matrix product, relative to the sum of its absolute products."""
ALIGNMENT = 2.0**-26
"""Half a unit of an aligned activation, relative to the largest activation of its sum."""
ROUNDING = 2.0**-24
"""Half a unit in the last place of FP32."""
SOFTMAX_RELATIVE = 2.0**-17
"""Allowed relative difference of softmax for equal logits."""
SMALLEST = 2.0**-100
"""Absolute difference that is always allowed: results that underflow."""

_FLOAT = ("linear", "conv2d")

Bounded = tuple[np.ndarray, np.ndarray]
"""FP64 values, and the bound on the difference of each."""


def output_tolerance(graph: Graph, values: np.ndarray) -> np.ndarray:
    """Return the largest difference that each output may show.

    Args:
        graph: quantized.
        values: FP32, shape (inputs, features...); `inputs` a multiple of the graph's batch.

    Returns:
        FP64, shape (inputs, outputs).
    """
    shape = graph.tensors[graph.input].shape
    bounds = [_of_batch(graph, batch) for batch in values.reshape(-1, *shape)]
    return np.stack(bounds).reshape(len(values), -1) + SMALLEST


def _of_batch(graph: Graph, batch: np.ndarray) -> np.ndarray:
    wide = batch.astype(np.float64)
    tensors: dict[str, Bounded] = {graph.input: (wide, np.zeros_like(wide))}
    for node in graph.nodes:
        value, error = propagate(graph, node, [tensors[name] for name in node.inputs])
        shape = graph.tensors[node.output].shape
        tensors[node.output] = value.reshape(shape), error.reshape(shape)
    return tensors[graph.output][1]


def propagate(graph: Graph, node: Node, inputs: list[Bounded]) -> Bounded:
    """Return a node's output and the bound on its difference.

    Args:
        graph: quantized or float.
        node: one of its nodes.
        inputs: what it reads.
    """
    if node.op in ("reshape", "dropout"):
        return inputs[0]
    if node.op == "permute":
        value, error = (part.transpose(node.attributes["axes"]) for part in inputs[0])
        return value, error
    if node.op == "softmax":
        return _softmax(*inputs[0])
    if node.op == "argmax":
        return inputs[0][0].argmax(axis=-1).astype(np.float64), np.zeros(inputs[0][0].shape[:-1])
    value, error = _computed(graph, node, *inputs[0])
    if node.attributes.get("residual"):
        other, other_error = (part.reshape(value.shape) for part in inputs[1])
        value = value + other
        error = error + other_error + RELATIVE * np.abs(value)
    # Slope, clamp and maximum bring values no further apart.
    slope = node.attributes.get("slope")
    value = np.where(value < 0, value * (1.0 if slope is None else slope), value)
    error = error * max(1.0, abs(slope or 1.0))
    low, high = node.attributes.get("clamp") or (None, None)
    if low is not None or high is not None:
        value = np.clip(value, low, high)
    pool = node.attributes.get("pool")
    return (_largest(value, pool), _largest(error, pool)) if pool else (value, error)


def _computed(graph: Graph, node: Node, value: np.ndarray, error: np.ndarray) -> Bounded:
    """Return the sums with scale and bias."""
    if node.op == "max_pool2d":
        return _max_pool(node, value), _max_pool(node, error)
    scale, bias = graph.constant(node, "scale"), graph.constant(node, "bias")
    scale = 1.0 if scale is None else scale.astype(np.float64)
    bias = 0.0 if bias is None else bias.astype(np.float64)
    if node.op == "pointwise":
        result = value * scale + bias
        return result, error * np.abs(scale) + RELATIVE * (np.abs(value * scale) + np.abs(bias))
    sums = _sums(graph, node)
    total, spread = sums(value, False), sums(error, True)
    magnitude = sums(np.abs(value), True)
    largest = sums(np.full_like(value, np.abs(value).max(initial=0.0)), True)
    result = total * scale + bias
    allowed = spread + _relative(graph, node) * magnitude + ALIGNMENT * largest
    return result, allowed * np.abs(scale) + RELATIVE * np.abs(bias)


def _relative(graph: Graph, node: Node) -> float:
    """Return the allowed difference of a sum, relative to the sum of its absolute products."""
    if node.op == "avg_pool2d":
        # Pixels of a map are often alike: then all additions round in the same direction.
        return RELATIVE + ROUNDING * float(np.prod(node.attributes["kernel"]))
    if node.op not in _FLOAT:
        return RELATIVE
    # FP32 throughout: each addition rounds, most often in another direction than the one before.
    return RELATIVE + ROUNDING * float(graph.constant(node, "weight")[0].size) ** 0.5


def _sums(graph: Graph, node: Node) -> Callable[[np.ndarray, bool], np.ndarray]:
    """Return the linear part of a node: a function of values and whether weights are absolute."""
    if node.op == "avg_pool2d":
        taps = float(np.prod(node.attributes["kernel"]))
        return lambda values, _: sum(_taps(node, values, node.attributes["kernel"], 0.0)) / taps
    weight = graph.constant(node, "weight").astype(np.float64)

    def product(values: np.ndarray, absolute: bool) -> np.ndarray:
        factors = np.abs(weight) if absolute else weight
        if node.op in ("linear", "quantized_linear"):
            return values.reshape(-1, weight.shape[1]) @ factors.T
        total = 0.0
        for index, tap in enumerate(_taps(node, values, weight.shape[1:3], 0.0)):
            matrix = factors.reshape(len(weight), -1, weight.shape[3])[:, index]
            depthwise = node.attributes.get("groups", 1) > 1
            total = total + (tap * matrix[:, 0] if depthwise else tap @ matrix.T)
        return total

    return product


def _max_pool(node: Node, values: np.ndarray) -> np.ndarray:
    return np.maximum.reduce(_taps(node, values, node.attributes["kernel"], -np.inf))


def _largest(values: np.ndarray, pool: Sequence[int]) -> np.ndarray:
    """Return the largest of each window of a fused pooling."""
    batch, rows, columns, channels = values.shape
    rows, columns = rows // pool[0], columns // pool[1]
    cut = values[:, : rows * pool[0], : columns * pool[1]]
    windows = cut.reshape(batch, rows, pool[0], columns, pool[1], channels)
    return windows.max(axis=(2, 4))


def _taps(
    node: Node, values: np.ndarray, kernel: Sequence[int], padding_value: float
) -> list[np.ndarray]:
    """Return the pixels under each tap of the window, shape (batch, rows, columns, channels)."""
    top, bottom, left, right = node.attributes["padding"]
    around = ((0, 0), (top, bottom), (left, right), (0, 0))
    padded = np.pad(values, around, constant_values=padding_value)
    stride = node.attributes["stride"]
    dilation = node.attributes.get("dilation") or (1, 1)
    view = [
        np.arange(
            (padded.shape[axis + 1] - (kernel[axis] - 1) * dilation[axis] - 1) // stride[axis] + 1
        )
        * stride[axis]
        for axis in (0, 1)
    ]
    return [
        padded[:, view[0][:, None] + y * dilation[0], view[1] + x * dilation[1]]
        for y in range(kernel[0])
        for x in range(kernel[1])
    ]


def _softmax(value: np.ndarray, error: np.ndarray) -> Bounded:
    powers = np.exp(value - value.max(axis=-1, keepdims=True))
    result = powers / powers.sum(axis=-1, keepdims=True)
    # Each logit moves by at most the row's largest error: numerator and denominator by its exp.
    growth = np.expm1(np.minimum(2.0 * error.max(axis=-1, keepdims=True), 1.0))
    return result, np.minimum(result * (growth + SOFTMAX_RELATIVE), 1.0) + 1e-37
