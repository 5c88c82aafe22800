"""How far the device's outputs may be from PyTorch's.

Each operator's bound (`error_bound`, see `modelgen.operators`) is propagated through the network.
"""

from __future__ import annotations

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.ir.packing import input_words, pack_outputs, rows_of_samples, unpack_inputs
from modelgen.operators.base import Bounded
from modelgen.operators.bounds import LARGEST

_UNDERFLOW = 2.0**-136
"""The most by which thousands of terms that underflow change a sum, in each layer."""
SMALLEST = 2.0**-100
"""Absolute difference that is always allowed, for results that underflow."""


def output_tolerance(graph: Graph, values: np.ndarray) -> np.ndarray:
    """Return the largest allowed difference of each output.

    Args:
        graph: a quantized graph.
        values: FP32, the rows of any number of inferences; see `modelgen.ir.packing`.

    Returns:
        FP64, shape (samples, outputs); an inference takes a batch of samples.
    """
    rows = np.asarray(values).reshape(-1, input_words(graph))
    bounds = np.stack([_of_inference(graph, row) for row in rows])
    return rows_of_samples(graph, bounds) + SMALLEST


def _of_inference(graph: Graph, row: np.ndarray) -> np.ndarray:
    given = {name: graph.constants[name] for name in graph.constant_tensors}
    given |= unpack_inputs(graph, row)
    tensors = {name: exact(value) for name, value in given.items()}
    for node in graph.nodes:
        tensors[node.output] = propagate(graph, node, [tensors[name] for name in node.inputs])
    return pack_outputs(graph, {name: tensors[name][1] for name in graph.outputs})


def exact(values: np.ndarray) -> Bounded:
    """Return values without an error."""
    wide = values.astype(np.float64)
    return wide, np.zeros_like(wide)


def propagate(graph: Graph, node: Node, inputs: list[Bounded]) -> Bounded:
    """Return a node's output and the bound on its difference, in the output's shape.

    Args:
        graph: a quantized or float graph.
        node: one of its nodes.
        inputs: the node's inputs and their bounds.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        value, error = node.operator.error_bound(inputs, graph.arrays(node))
        error = np.where(error > 0.0, error + _UNDERFLOW, error)
        # Zero times an infinite bound, or a result that may overflow: nothing is known of it.
        unknown = np.isnan(error) | ((error > 0.0) & ~(np.abs(value) + error <= LARGEST))
    shape = graph.tensors[node.output].shape
    return value.reshape(shape), np.where(unknown, np.inf, error).reshape(shape)
