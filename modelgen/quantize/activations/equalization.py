"""Cross-layer equalization: channels between two layers get similar ranges of weights.

Where only a ReLU is between two layers, channel i of the first can be divided by s_i, and the
second one's weights for it multiplied by s_i: the results are the same. With s_i = sqrt(r1_i /
r2_i), of the largest weights r of the channel in both layers, both become sqrt(r1_i r2_i). Source:
Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.operators import Conv2d, Linear, Pointwise
from modelgen.operators.epilogue import Epilogue, epilogue_of

_ROUNDS = 10
"""Chains of layers settle within a few."""
_LIMITS = 1e-3, 1e3
"""The least and the largest factor of a channel."""


def equalize(graph: Graph) -> Graph:
    """Return a float graph with the same results, whose channels have similar weights."""
    pairs = list(_pairs(graph))
    nodes, constants = _with_own_constants(graph, {n.output for pair in pairs for n in pair})
    for _ in range(_ROUNDS):
        for first, second in pairs:
            _balance(constants, nodes[first.output], nodes[second.output])
    return graph.with_nodes(nodes.values(), constants=constants)


def _with_own_constants(
    graph: Graph, outputs: set[str]
) -> tuple[dict[str, Node], dict[str, np.ndarray]]:
    """Return the nodes of which some have weights that no other has, and all constants."""
    nodes, constants = {node.output: node for node in graph.nodes}, dict(graph.constants)
    for output in outputs:
        node = nodes[output]
        names = {role: f"{output}.equalized.{role}" for role in node.constants}
        constants |= {names[role]: values for role, values in graph.arrays(node).items()}
        nodes[output] = replace(node, constants=names)
    return nodes, constants


def _pairs(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """Yield layers whose results only one other layer reads, with at most a ReLU between them."""
    for node in graph.nodes:
        if not _is_layer(node):
            continue
        after = _only_reader(graph, node)
        if after is not None and _is_relu(after):
            after = _only_reader(graph, after)
        if after is not None and _is_layer(after) and _has_channels(graph, after):
            yield node, after


def _only_reader(graph: Graph, node: Node) -> Node | None:
    readers = graph.consumers(node.output)
    return readers[0] if len(readers) == 1 and node.output not in graph.outputs else None


def _is_layer(node: Node) -> bool:
    is_plain = epilogue_of(node.operator) == Epilogue() and len(node.inputs) == 1
    return isinstance(node.operator, Conv2d | Linear) and is_plain


def _is_relu(node: Node) -> bool:
    epilogue = epilogue_of(node.operator)
    plain = epilogue in (Epilogue(low=0.0), Epilogue(slope=epilogue.slope))
    return isinstance(node.operator, Pointwise) and not node.constants and plain


def _has_channels(graph: Graph, node: Node) -> bool:
    """Return whether all of a layer's results depend on an input channel, or one does."""
    if not isinstance(node.operator, Conv2d) or node.operator.groups == 1:
        return True
    outputs = len(graph.constants[node.constants["weight"]])
    return node.operator.groups == graph.tensors[node.inputs[0]].columns == outputs


def _balance(constants: dict[str, np.ndarray], first: Node, second: Node) -> None:
    """Scale the channels between two layers."""
    before, after = (constants[node.constants["weight"]] for node in (first, second))
    is_depthwise = isinstance(second.operator, Conv2d) and second.operator.groups > 1
    given = np.abs(before).reshape(len(before), -1).max(axis=1)
    rows = after.reshape(len(after), -1) if is_depthwise else after.reshape(-1, after.shape[-1]).T
    taken = np.abs(rows).max(axis=1)
    usable = (given > 0) & (taken > 0)
    ratio = np.divide(given, taken, out=np.ones_like(given), where=usable)
    factor = np.sqrt(ratio).clip(*_LIMITS).astype(np.float32)
    constants[first.constants["weight"]] = before / _along(factor, before)
    if "bias" in first.constants:
        constants[first.constants["bias"]] = constants[first.constants["bias"]] / factor
    scaled = after * (_along(factor, after) if is_depthwise else factor)
    constants[second.constants["weight"]] = scaled


def _along(factor: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return factors of the first dimension of weights."""
    return factor.reshape(-1, *(1 for _ in weight.shape[1:]))
