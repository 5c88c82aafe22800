"""Merge the groups of a convolution: weights between channels of different groups are zero."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.operators import Conv2d


def merge_groups(graph: Graph, array_size: int) -> Graph:
    """Give convolutions one group, unless each channel has its own.

    The result still knows the blocks of channels that fill the array's columns and do not depend on
    one another, so that the zeros between blocks need not be multiplied.

    Args:
        graph: a quantized graph.
        array_size: S, the columns of the array.
    """
    constants = dict(graph.constants)
    nodes = [_merged(graph, node, constants, array_size) for node in graph.nodes]
    return graph.with_nodes(nodes, constants=constants)


def _merged(graph: Graph, node: Node, constants: dict[str, np.ndarray], array_size: int) -> Node:
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
    blocks = _blocks(len(weight), operator.groups, array_size)
    joined = replace(operator, groups=1, joined=operator.groups, blocks=blocks)
    return replace(node, operator=joined, constants=roles)


def _blocks(outputs: int, groups: int, array_size: int) -> int:
    """Return the blocks of whole groups and whole tiles; 1 if they are not equal."""
    block = math.lcm(outputs // groups, array_size)
    return outputs // block if outputs % block == 0 else 1


def _dense(weight: np.ndarray, groups: int) -> np.ndarray:
    """Return weights for all input channels, shape (N, kernel rows, kernel columns, C)."""
    outputs, rows, columns, words = weight.shape
    dense = np.zeros((outputs, rows, columns, groups * words), weight.dtype)
    for group in range(groups):
        own = slice(group * outputs // groups, (group + 1) * outputs // groups)
        dense[own, ..., group * words : (group + 1) * words] = weight[own]
    return dense
