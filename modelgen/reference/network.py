"""A quantized graph layer by layer, without descriptors: the outputs that hardware must give."""

from __future__ import annotations

import numpy as np

from modelgen.graph import Graph, Node
from modelgen.reference.arithmetic import matmul, postprocess, relu
from modelgen.reference.softmax import softmax


def run_graph(graph: Graph, values: np.ndarray, array_size: int) -> np.ndarray:
    """Return the outputs of a quantized graph, bit for bit as the device's.

    Args:
        graph: quantized; operators quantized_linear, relu, softmax.
        values: FP32, shape (inputs, features...); `inputs` a multiple of the graph's batch.
        array_size: S; the order of rounding depends on it.

    Returns:
        FP32, shape (inputs, outputs).
    """
    tensors = {graph.input: np.asarray(values, np.float32)}
    for node in graph.nodes:
        tensors[node.output] = _run(graph, node, tensors[node.inputs[0]], array_size)
    return tensors[graph.output].reshape(len(values), -1)


def _run(graph: Graph, node: Node, values: np.ndarray, array_size: int) -> np.ndarray:
    if node.op == "quantized_linear":
        return _linear(graph, node, values, array_size)
    operator = {"relu": relu, "softmax": softmax}[node.op]
    return operator(values.reshape(-1, graph.tensors[node.output].columns))


def _linear(graph: Graph, node: Node, values: np.ndarray, array_size: int) -> np.ndarray:
    weight = graph.constant(node, "weight")
    totals = matmul(values.reshape(-1, weight.shape[1]), weight.T, array_size)
    low, high = node.attributes.get("clamp", (None, None))
    return postprocess(
        totals,
        graph.constant(node, "scale"),
        graph.constant(node, "bias"),
        -np.inf if low is None else low,
        np.inf if high is None else high,
    )
