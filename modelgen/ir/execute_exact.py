"""Bit-exact execution of a quantized graph, layer by layer, without descriptors.

It knows nothing of jobs, buffers or tiles, and so checks the compiler independently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
        values: FP32 or integers, the rows of any number of inferences; see `modelgen.ir.packing`.
        array_size: S, which determines where sums of FP32 are rounded.
        slices_of: how a node's products are cut into slices; None: every S indices.

    Returns:
        Shape (inferences, outputs): INT8 if all outputs are, FP32 otherwise.
    """
    rows = np.asarray(values).reshape(-1, input_words(graph))
    return np.stack([_run(graph, row, array_size, slices_of) for row in rows])


def run_node(graph: Graph, node: Node, inputs: Sequence[np.ndarray], cut: Cut) -> np.ndarray:
    """Return the output of one node of a quantized graph, bit for bit, in the output's shape."""
    result = node.operator.evaluate_exact(inputs, graph.arrays(node), cut)
    return np.asarray(result).reshape(graph.tensors[node.output].shape)


def run_layers(
    graph: Graph,
    inputs: Mapping[str, np.ndarray],
    array_size: int,
    slices_of: SlicesOf | None = None,
) -> dict[str, np.ndarray]:
    """Return all tensors of one inference by name, in their shapes and types.

    Args:
        graph: quantized.
        inputs: those of the graph, by name.
        array_size: see `run_graph`.
        slices_of: see `run_graph`.
    """
    tensors = {name: graph.constants[name] for name in graph.constant_tensors}
    for name, values in inputs.items():
        tensors[name] = values.astype(graph.tensors[name].element.dtype)
    for node in graph.nodes:
        operands = [tensors[name] for name in node.inputs]
        cut = Cut(array_size, slices_of(node) if slices_of else None)
        tensors[node.output] = run_node(graph, node, operands, cut)
    return tensors


def _run(graph: Graph, row: np.ndarray, array_size: int, slices_of: SlicesOf | None) -> np.ndarray:
    inputs = unpack_inputs(graph, row)
    return pack_outputs(graph, run_layers(graph, inputs, array_size, slices_of))
