"""Quantize and Dequantize in a float graph, and weights as integers.

The result is in the form in which other tools' quantized models are imported:
`modelgen.passes.integers` makes operators on integers of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import numpy as np

from modelgen.arithmetic.integer.quantization import OWN, Quantization
from modelgen.ir.graph import ElementType, Graph, Node, Tensor
from modelgen.ir.integer_constants import IntegerConstant
from modelgen.operators import Dequantize, Quantize

WeightQuantizer = Callable[[Node, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Returns INT8 weights, shape (N, K), and FP32 scales, shape (N,), of a node's weights (N, K)."""


def with_integers(
    graph: Graph,
    quantizations: Mapping[str, Quantization],
    layers: Collection[str],
    quantize_weight: WeightQuantizer,
) -> Graph:
    """Return a graph in which some tensors are quantized, and the weights of some layers.

    Args:
        graph: of float operators.
        quantizations: tensor -> what its integers stand for.
        layers: outputs of the convolutions and linear layers that get integers as weights.
        quantize_weight: for these.
    """
    tensors, constants = dict(graph.tensors), dict(graph.constants)
    nodes: list[Node] = []
    numbers: dict[str, str] = {}

    def quantized(name: str) -> None:
        if name in quantizations:
            numbers[name] = _add_pair(nodes, tensors, name, quantizations[name])

    for name in graph.inputs:
        quantized(name)
    for node in graph.nodes:
        inputs = tuple(numbers.get(name, name) for name in node.inputs)
        changed = replace(node, inputs=inputs)
        if node.output in layers:
            changed = _with_weight(graph, changed, constants, quantize_weight)
        nodes.append(changed)
        quantized(node.output)
    outputs = tuple(numbers.get(name, name) for name in graph.outputs)
    return graph.with_nodes(nodes, tensors=tensors, constants=constants, outputs=outputs)


def _add_pair(nodes: list[Node], tensors: dict[str, Tensor], name: str, to: Quantization) -> str:
    """Add Quantize and Dequantize behind a tensor; return what Dequantize writes."""
    integers, numbers = f"{name}.quantized", f"{name}.dequantized"
    shape = tensors[name].shape
    tensors[integers] = Tensor(integers, shape, ElementType.INT8, to)
    tensors[numbers] = Tensor(numbers, shape)
    nodes.append(Node(integers, Quantize(to, OWN), (name,), integers))
    nodes.append(Node(numbers, Dequantize(to), (integers,), numbers))
    return numbers


def _with_weight(
    graph: Graph, node: Node, constants: dict[str, np.ndarray], quantize: WeightQuantizer
) -> Node:
    """Return a node whose weights are integers, and what these stand for."""
    weight = graph.constants[node.constants["weight"]]
    rows, scales = quantize(node, weight.reshape(len(weight), -1))
    integers = rows.astype(np.int64).reshape(weight.shape)
    scale = scales.reshape(-1, *(1 for _ in weight.shape[1:]))
    found = IntegerConstant(
        integers,
        np.broadcast_to(scale, weight.shape).astype(np.float32),
        np.zeros(weight.shape, np.int64),
    )
    arrays = {"weight": (integers * scale).astype(np.float32), **found.roles("weight")}
    names = {role: f"{node.output}.{role}" for role in arrays}
    constants.update({names[role]: values for role, values in arrays.items()})
    return replace(node, constants={**node.constants, **names})
