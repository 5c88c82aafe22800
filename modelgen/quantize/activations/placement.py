"""Which tensors of a float graph become integers.

All that an operator on integers reads or writes does, except between a product or a sum and the
clamp behind it, which is a part of the same operator. What moves values moves integers as well.
Some operators need the same scale for what they read and write: such tensors are a group. What the
network takes and returns becomes integers if its interface is to be of integers.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from modelgen.errors import ModelError
from modelgen.ir.graph import Graph, Node
from modelgen.operators import (
    Argmax,
    AvgPool2d,
    Binary,
    Concatenate,
    Conv2d,
    Elementwise,
    Linear,
    MaxPool2d,
    Pointwise,
)
from modelgen.operators.epilogue import Epilogue, epilogue_of

Groups = dict[str, str]
"""Tensor -> the first tensor of its group."""


def quantized_tensors(
    graph: Graph, in_fp32: Collection[str] = (), *, interface: bool = False
) -> Groups:
    """Return the tensors that become integers, in groups that have one scale.

    Args:
        graph: of float operators, each of which does one thing.
        in_fp32: names of layers that are computed in FP32.
        interface: whether inputs and outputs are among them, whatever reads and writes them.

    Raises:
        ModelError: an output cannot be.
    """
    groups: Groups = {}
    for node in graph.nodes:
        if not on_integers(graph, node, in_fp32):
            continue
        sources = [source_of(graph, name) for name in node.inputs]
        for name in (*sources, node.output):
            if not _is_inside(graph, name, in_fp32):
                groups.setdefault(name, name)
        if _keeps_scale(graph, node):
            for name in sources:
                _join(groups, name, node.output)
    if interface:
        for name in (*graph.inputs, *output_sources(graph)):
            groups.setdefault(name, name)
    return {name: _first(groups, name) for name in groups}


def output_sources(graph: Graph) -> list[str]:
    """Return the tensors whose values, moved, are the outputs.

    Raises:
        ModelError: they are indices.
    """
    sources = [source_of(graph, name) for name in graph.outputs]
    for node in map(graph.producer, sources):
        if node is not None and isinstance(node.operator, Argmax):
            raise ModelError(
                f"Layer '{node.name}' returns indices, which no INT8 output can stand for. Set "
                "'interface' to 'fp32', or leave the argmax out of the model."
            )
    return sources


def on_integers(graph: Graph, node: Node, in_fp32: Collection[str] = ()) -> bool:
    """Return whether there is an operator on integers for a node, and it is not to be in FP32."""
    operator, epilogue = node.operator, epilogue_of(node.operator)
    sources = (source_of(graph, name) for name in node.inputs)
    if is_named(node.name, in_fp32) or any(name in graph.constants for name in sources):
        return False
    if isinstance(operator, Conv2d | Linear | AvgPool2d | MaxPool2d):
        return epilogue == Epilogue() and len(node.inputs) == 1
    if isinstance(operator, Pointwise):
        is_sum = epilogue == Epilogue(residual=True) and not node.constants
        return is_sum or (not epilogue.pools and len(node.inputs) == 1 and _is_alike(graph, node))
    is_pair = isinstance(operator, Binary) and operator.kind in ("add", "multiply")
    return is_pair or isinstance(operator, Concatenate | Elementwise)


def layers_with_weights(graph: Graph, in_fp32: Collection[str] = ()) -> list[Node]:
    """Return the layers whose weights become integers, in order."""
    return [n for n in graph.nodes if "weight" in n.constants and on_integers(graph, n, in_fp32)]


def is_named(name: str, layers: Collection[str]) -> bool:
    """Return whether a layer, or a part of it, is among some."""
    return any(name == each or name.startswith(f"{each}.") for each in layers)


def source_of(graph: Graph, tensor: str) -> str:
    """Return the tensor whose values a tensor has, moved."""
    node = graph.producer(tensor)
    while node is not None and node.operator.keeps_values:
        tensor = node.inputs[0]
        node = graph.producer(tensor)
    return tensor


def _is_inside(graph: Graph, tensor: str, in_fp32: Collection[str]) -> bool:
    """Return whether a tensor is between a product or sum and the clamp that is merged with it."""
    node, readers = graph.producer(tensor), graph.consumers(tensor)
    if node is None or len(readers) != 1 or tensor in graph.outputs:
        return False
    is_pair = isinstance(node.operator, Pointwise | Binary) and len(node.inputs) == 2
    merges = isinstance(node.operator, Conv2d | Linear) or is_pair
    both = on_integers(graph, node, in_fp32) and on_integers(graph, readers[0], in_fp32)
    return merges and both and _is_clamp(readers[0])


def _is_clamp(node: Node) -> bool:
    epilogue = epilogue_of(node.operator)
    is_plain = epilogue == Epilogue(low=epilogue.low, high=epilogue.high)
    return isinstance(node.operator, Pointwise) and is_plain and not node.constants


def _is_alike(graph: Graph, node: Node) -> bool:
    """Return whether a node computes the same function everywhere."""
    return all(bool((np.ravel(a) == np.ravel(a)[0]).all()) for a in graph.arrays(node).values())


def _keeps_scale(graph: Graph, node: Node) -> bool:
    """Return whether what a node reads and writes has to have one scale."""
    operator = node.operator
    if isinstance(operator, AvgPool2d):
        return operator.window.kernel != graph.tensors[node.inputs[0]].shape[1:3]
    return isinstance(operator, Concatenate | MaxPool2d)


def _first(groups: Groups, name: str) -> str:
    while groups[name] != name:
        name = groups[name]
    return name


def _join(groups: Groups, left: str, right: str) -> None:
    groups[_first(groups, right)] = _first(groups, left)
