"""Merge the groups of a convolution: weights between channels of different groups are zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.operators import Conv2d


def merge_groups(graph: Graph) -> Graph:
    """Give convolutions one group, unless each channel has its own.

    Args:
        graph: a quantized graph.
    """
    constants = dict(graph.constants)
    nodes = [_merged(graph, node, constants) for node in graph.nodes]
    return graph.with_nodes(nodes, constants=constants)


def _merged(graph: Graph, node: Node, constants: dict[str, np.ndarray]) -> Node:
    operator = node.operator
    if not isinstance(operator, Conv2d) or operator.groups == 1:
        return node
    weight = graph.arrays(node)["weight"]
    channels = graph.tensors[node.inputs[0]].columns
    if operator.groups == channels == len(weight):
        return node
    name = f"{node.constants['weight']}.merged"
    constants[name] = _dense(weight, operator.groups)
    roles = {**node.constants, "weight": name}
    joined = replace(operator, groups=1, joined=operator.groups)
    return replace(node, operator=joined, constants=roles)


def _dense(weight: np.ndarray, groups: int) -> np.ndarray:
    """Return weights for all input channels, shape (N, kernel rows, kernel columns, C)."""
    outputs, rows, columns, words = weight.shape
    dense = np.zeros((outputs, rows, columns, groups * words), weight.dtype)
    for group in range(groups):
        own = slice(group * outputs // groups, (group + 1) * outputs // groups)
        dense[own, ..., group * words : (group + 1) * words] = weight[own]
    return dense
