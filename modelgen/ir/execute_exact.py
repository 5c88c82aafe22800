"""A quantized graph layer by layer, without descriptors: the outputs that hardware must give.

Knows nothing of jobs, buffers or tiles of work: an independent check of what the compiler makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from modelgen.arithmetic.exponential import softmax
from modelgen.arithmetic.fp32 import (
    canonicalize,
    fp32_add,
    maximum,
    postprocess,
    slice_dot,
    slice_products,
)
from modelgen.ir.graph import Graph, Node

SlicesOf = Callable[[Node], Sequence[np.ndarray]]
"""Gives the indices of K, in (ky, kx, channel) order, of each slice of a node, in order."""


def run_graph(
    graph: Graph, values: np.ndarray, array_size: int, slices_of: SlicesOf | None = None
) -> np.ndarray:
    """Return the outputs of a quantized graph, bit for bit as the device's.

    Args:
        graph: quantized, NHWC; see `modelgen.ir.graph`.
        values: FP32, shape (inputs, features...); `inputs` a multiple of the graph's batch.
        array_size: S; the order of rounding depends on it.
        slices_of: how the products of a node are cut; None: every S indices.

    Returns:
        FP32, shape (inputs, outputs).
    """
    runner = _Runner(graph, array_size, slices_of)
    shape = graph.tensors[graph.input].shape
    batches = np.asarray(values, np.float32).reshape(-1, *shape)
    return np.stack([runner.run(batch) for batch in batches]).reshape(len(values), -1)


class _Runner:
    def __init__(self, graph: Graph, array_size: int, slices_of: SlicesOf | None) -> None:
        self._graph = graph
        self._size = array_size
        self._slices_of = slices_of or self._consecutive

    def run(self, batch: np.ndarray) -> np.ndarray:
        tensors = {self._graph.input: batch}
        for node in self._graph.nodes:
            inputs = [tensors[name] for name in node.inputs]
            shape = self._graph.tensors[node.output].shape
            tensors[node.output] = self._node(node, inputs).reshape(shape)
        return tensors[self._graph.output]

    def _node(self, node: Node, inputs: list[np.ndarray]) -> np.ndarray:
        if node.op == "reshape":
            return inputs[0]
        if node.op == "permute":
            return inputs[0].transpose(node.attributes["axes"])
        if node.op == "softmax":
            return softmax(inputs[0].reshape(-1, inputs[0].shape[-1]))
        if node.op == "argmax":
            return inputs[0].argmax(axis=-1).astype(np.float32)
        totals = self._totals(node, inputs[0])
        scale, bias = self._affine(node)
        low, high = node.attributes.get("clamp") or (None, None)
        slope = node.attributes.get("slope")
        residual = None
        if node.attributes.get("residual"):
            residual = inputs[1].reshape(totals.shape)
        result = postprocess(
            totals,
            scale,
            bias,
            -np.inf if low is None else low,
            np.inf if high is None else high,
            residual=residual,
            slope=1.0 if slope is None else slope,
        )
        return _fused_pool(node, result)

    def _affine(self, node: Node) -> tuple[np.ndarray, np.ndarray]:
        """Return FP32 scale and bias, 1 and 0 where a node has none."""
        scale, bias = self._graph.constant(node, "scale"), self._graph.constant(node, "bias")
        if scale is None:
            taps = np.prod(node.attributes["kernel"]) if node.op == "avg_pool2d" else 1
            scale = np.float32(1.0 / taps)
        return scale, np.float32(0.0) if bias is None else bias

    def _totals(self, node: Node, values: np.ndarray) -> np.ndarray:
        """Return what the accumulators hold."""
        weight = self._graph.constant(node, "weight")
        if node.op == "quantized_linear":
            return self._product(node, values.reshape(-1, weight.shape[1]), weight)
        if node.op == "pointwise":
            return canonicalize(values)
        if node.op == "quantized_conv2d":
            taps = np.stack(list(_taps(node, values, weight.shape[1:3], 0.0)), axis=-2)
            if node.attributes.get("groups", 1) > 1:
                return self._depthwise(taps, weight)
            rows = taps.reshape(-1, weight[0].size)
            product = self._product(node, rows, weight.reshape(len(weight), -1))
            return product.reshape(*taps.shape[:3], -1)
        kernel = node.attributes["kernel"]
        padding, combine = (-np.inf, maximum) if node.op == "max_pool2d" else (0.0, fp32_add)
        total = None
        for tap in _taps(node, values, kernel, padding):
            words = canonicalize(tap)
            total = words if total is None else combine(total, words)
        return total

    def _product(self, node: Node, rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
        total = None
        for indices in self._slices_of(node):
            part = slice_dot(rows[:, indices], weight[:, indices].T)
            total = part if total is None else fp32_add(total, part)
        return total

    def _consecutive(self, node: Node) -> list[np.ndarray]:
        weight = self._graph.constant(node, "weight")
        words = weight[0].size
        return [
            np.arange(start, min(start + self._size, words))
            for start in range(0, words, self._size)
        ]

    def _depthwise(self, taps: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Return sums over taps (..., taps, channels); S channels share an exponent."""
        channels = weight.shape[0]
        factors = weight.reshape(channels, -1).T
        total = None
        for index, factor in enumerate(factors):
            part = np.concatenate(
                [
                    slice_products(
                        taps[..., index, first : first + self._size],
                        factor[first : first + self._size],
                    )
                    for first in range(0, channels, self._size)
                ],
                axis=-1,
            )
            total = part if total is None else fp32_add(total, part)
        return total


def _taps(
    node: Node, values: np.ndarray, kernel: Sequence[int], padding_value: float
) -> Iterator[np.ndarray]:
    """Give the pixels under each tap of the window, shape (batch, rows, columns, channels)."""
    top, bottom, left, right = node.attributes["padding"]
    around = ((0, 0), (top, bottom), (left, right), (0, 0))
    padded = np.pad(values, around, constant_values=np.float32(padding_value))
    stride = node.attributes["stride"]
    dilation = node.attributes.get("dilation") or (1, 1)
    rows, columns = (
        (padded.shape[axis + 1] - (kernel[axis] - 1) * dilation[axis] - 1) // stride[axis] + 1
        for axis in (0, 1)
    )
    for y in range(kernel[0]):
        for x in range(kernel[1]):
            first_row, first_column = y * dilation[0], x * dilation[1]
            yield padded[
                :,
                first_row : first_row + (rows - 1) * stride[0] + 1 : stride[0],
                first_column : first_column + (columns - 1) * stride[1] + 1 : stride[1],
            ]


def _fused_pool(node: Node, values: np.ndarray) -> np.ndarray:
    """Return the largest value of each window of the `pool` of a node, if it has one."""
    pool = node.attributes.get("pool")
    if not pool:
        return values
    rows, columns = (values.shape[axis + 1] // pool[axis] * pool[axis] for axis in (0, 1))
    largest = None
    for y in range(pool[0]):
        for x in range(pool[1]):
            part = values[:, y : rows : pool[0], x : columns : pool[1]]
            largest = part if largest is None else maximum(largest, part)
    return largest
