"""Functions of one integer tensor as tables of 256 results."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.byte_tables import INTEGERS
from modelgen.ir.graph import Graph, Node
from modelgen.operators import (
    Binary,
    ByteTable,
    Dequantize,
    Elementwise,
    Operator,
    Pointwise,
    Quantize,
)
from modelgen.operators.base import Cut
from modelgen.operators.epilogue import epilogue_of
from modelgen.passes.integers.fusion import Fusion, Result, Source

_CUT = Cut(1)
"""Nothing is summed in slices here."""


def add_requantization(to: Fusion, like: Node, source: Source, result: Result) -> None:
    """Add the change from one quantization to another.

    Args:
        to: the graph that is made.
        like: a node whose name the new one has.
        source: what is changed.
        result: what the node writes.
    """
    _add(to, like, source.tensor, result, source.quantization.dequantize(INTEGERS), "requantize")


def requantized(to: Fusion, like: Node, source: Source, result: Result) -> str:
    """Return a tensor in the quantization of a result: itself, or a new one; see above."""
    if source.quantization == result.quantization:
        return source.tensor
    table = _table(source.quantization.dequantize(INTEGERS), result)
    operator = ByteTable("requantize")
    return to.between(like, operator, [source.tensor], result.quantization, {"table": table})


def fuse_function(to: Fusion, result: Result) -> bool:
    """Add a function of one integer tensor; return False if a result depends on more than that."""
    wanted = result.node.inputs[0]
    region = _region(to.graph, wanted)
    sources = {node.inputs[0] for node in region if isinstance(node.operator, Dequantize)}
    if len(sources) != 1:
        return False
    (source,) = sources
    if to.graph.tensors[source].shape != to.graph.tensors[wanted].shape:
        return False
    values = {name: to.graph.constants[name].reshape(-1) for name in to.graph.constant_tensors}
    values[source] = INTEGERS.astype(np.int8)
    for node in region:
        values[node.output] = _evaluated(to.graph, node, [values[name] for name in node.inputs])
    steps = [node for node in region if not isinstance(node.operator, Dequantize)]
    titles = ", ".join(node.operator.describe() for node in steps) or "requantize"
    _add(to, region[-1], source, result, values[wanted], titles)
    return True


def _add(
    to: Fusion, like: Node, source: str, result: Result, numbers: np.ndarray, title: str
) -> None:
    """Add a table of numbers, one for each integer of a tensor."""
    to.add(like, ByteTable(title), [source], result, {"table": _table(numbers, result)})


def _table(numbers: np.ndarray, result: Result) -> np.ndarray:
    quantize = result.node.operator
    assert isinstance(quantize, Quantize)
    return quantize.compute([numbers], {})


def _region(graph: Graph, tensor: str) -> list[Node]:
    """Return the nodes, in order, by which a tensor follows from integers, element by element.

    There are none if anything else is needed.
    """
    pending, found = [tensor], dict[str, Node]()
    while pending:
        name = pending.pop()
        if name in found or (name in graph.constants and graph.tensors[name].size == 1):
            continue
        node = graph.producer(name)
        if node is None:
            return []
        found[name] = node
        if isinstance(node.operator, Dequantize):
            continue
        if not _is_function(graph, node):
            return []
        pending += node.inputs
    return [node for node in graph.nodes if node.output in found]


def _is_function(graph: Graph, node: Node) -> bool:
    """Return whether a node computes each element from those at its place, everywhere alike."""
    if not isinstance(node.operator, Binary | Elementwise | Pointwise):
        return False
    alike = all((values == values.flat[0]).all() for values in graph.arrays(node).values())
    return alike and not epilogue_of(node.operator).pools


def _evaluated(graph: Graph, node: Node, inputs: list[np.ndarray]) -> np.ndarray:
    """Return a node's results for numbers in shape (256,), or for single ones."""
    arrays = {role: values.reshape(-1)[:1] for role, values in graph.arrays(node).items()}
    operator: Operator = node.operator
    return np.asarray(operator.evaluate_exact(inputs, arrays, _CUT))
