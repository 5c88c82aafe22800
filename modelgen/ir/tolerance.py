"""How far the device's outputs may be from PyTorch's.

Each operator's bound (`error_bound`, see `modelgen.operators`) is propagated through the network.
"""

from __future__ import annotations

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.operators.base import Bounded

SMALLEST = 2.0**-100
"""Absolute difference that is always allowed, for results that underflow."""


def output_tolerance(graph: Graph, values: np.ndarray) -> np.ndarray:
    """Return the largest allowed difference of each output.

    Args:
        graph: a quantized graph.
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
        tensors[node.output] = propagate(graph, node, [tensors[name] for name in node.inputs])
    return tensors[graph.output][1]


def propagate(graph: Graph, node: Node, inputs: list[Bounded]) -> Bounded:
    """Return a node's output and the bound on its difference, in the output's shape.

    Args:
        graph: a quantized or float graph.
        node: one of its nodes.
        inputs: the node's inputs and their bounds.
    """
    value, error = node.operator.error_bound(inputs, graph.arrays(node))
    shape = graph.tensors[node.output].shape
    return value.reshape(shape), error.reshape(shape)
