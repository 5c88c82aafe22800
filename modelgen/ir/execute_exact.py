"""Bit-exact execution of a quantized graph, layer by layer, without descriptors.

It knows nothing of jobs, buffers or tiles, and so checks the compiler independently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.ir.packing import input_words, pack_outputs, unpack_inputs
from modelgen.operators.base import Cut

SlicesOf = Callable[[Node], Sequence[np.ndarray] | None]
"""Returns the indices of K, in (ky, kx, channel) order, of each slice of a node, in order; None
if they are not cut."""


def run_graph(
    graph: Graph, values: np.ndarray, array_size: int, slices_of: SlicesOf | None = None
) -> np.ndarray:
    """Return the outputs of a quantized graph, bit for bit as the device's.

    Args:
        graph: quantized.
        values: FP32, the rows of any number of inferences; see `modelgen.ir.packing`.
        array_size: S, which determines where sums are rounded.
        slices_of: how a node's products are cut into slices; None: every S indices.

    Returns:
        FP32, shape (inferences, outputs).
    """
    rows = np.asarray(values, np.float32).reshape(-1, input_words(graph))
    return np.stack([_run(graph, row, array_size, slices_of) for row in rows])


def run_node(graph: Graph, node: Node, inputs: Sequence[np.ndarray], cut: Cut) -> np.ndarray:
    """Return the output of one node of a quantized graph, bit for bit, in the output's shape."""
    result = node.operator.evaluate_exact(inputs, graph.arrays(node), cut)
    return np.asarray(result).reshape(graph.tensors[node.output].shape)


def _run(graph: Graph, row: np.ndarray, array_size: int, slices_of: SlicesOf | None) -> np.ndarray:
    tensors = {name: graph.constants[name] for name in graph.constant_tensors}
    tensors |= unpack_inputs(graph, row)
    for node in graph.nodes:
        inputs = [tensors[name] for name in node.inputs]
        cut = Cut(array_size, slices_of(node) if slices_of else None)
        tensors[node.output] = run_node(graph, node, inputs, cut)
    return pack_outputs(graph, tensors)
