"""Make operators on integers of float operators between Dequantize and Quantize.

A quantized model, whichever tool wrote it, is imported as a graph of float operators. It reads
integers through Dequantize, and quantizes results again:

    Dequantize -> Conv2d -> Pointwise (ReLU) -> Quantize    becomes    IntegerConv2d

What remains between them, because there is no such operator on integers, is computed in FP32.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.ir.graph import Contract, Graph, Node
from modelgen.ir.integer_constants import is_of_integers
from modelgen.operators import (
    AvgPool2d,
    Concatenate,
    Conv2d,
    Dequantize,
    Linear,
    MaxPool2d,
    Pointwise,
    Quantize,
    Softmax,
    UnevenAvgPool2d,
)
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.drop_unused import drop_unused
from modelgen.passes.integers.fusion import Fusion, Result
from modelgen.passes.integers.movements import hoist_quantize, sink_dequantize
from modelgen.passes.integers.pairs import fuse_concatenation, fuse_pair, fuse_softmax
from modelgen.passes.integers.pooling import fuse_average, fuse_max_pool
from modelgen.passes.integers.products import fuse_product
from modelgen.passes.integers.tables import fuse_function


def has_integers(graph: Graph) -> bool:
    """Return whether a float graph computes with integers anywhere."""
    return any(isinstance(node.operator, Quantize | Dequantize) for node in graph.nodes)


def moved_quantization(graph: Graph) -> Graph:
    """Return a graph in which what only moves values moves integers."""
    return hoist_quantize(sink_dequantize(graph))


def fuse_integers(graph: Graph, contract: Contract) -> Graph:
    """Return a graph with operators on integers wherever there are some.

    Args:
        graph: of float operators, with Dequantize and Quantize; without them, it is returned as it
            is.
        contract: whose arithmetic they have: ONNXRUNTIME or EXACT.
    """
    if not has_integers(graph):
        return graph
    graph = moved_quantization(graph)
    to = Fusion(graph, contract)
    for node in graph.nodes:
        if not isinstance(node.operator, Quantize) or not _fuse(to, to.result(node)):
            to.keep(node)
    return drop_unused(_without_integer_roles(to.finished()))


def _fuse(to: Fusion, result: Result) -> bool:
    """Add what computes a result from integers; return False if that is not possible."""
    node = to.graph.producer(result.node.inputs[0])
    if node is None:
        return False
    inner, clamp = _before_clamp(to, node, result)
    if isinstance(inner.operator, Conv2d | Linear):
        return to.is_read_once(inner.output) and fuse_product(to, inner, result, clamp)
    # ONNX Runtime computes sums that are clamped in FP32.
    clamps = inner is not node and to.contract is Contract.EXACT and to.is_read_once(inner.output)
    if clamps and fuse_pair(to, inner, result, clamp):
        return True
    match node.operator:
        case Concatenate():
            return fuse_concatenation(to, node, result)
        case MaxPool2d():
            return fuse_max_pool(to, node, result)
        case AvgPool2d() | UnevenAvgPool2d():
            return fuse_average(to, node, result)
        case Softmax():
            return fuse_softmax(to, node, result)
        case _:
            return fuse_pair(to, node, result, Clamp()) or fuse_function(to, result)


def _before_clamp(to: Fusion, node: Node, result: Result) -> tuple[Node, Clamp]:
    """Return the node whose results a node only clamps, and the range of the integers."""
    operator = node.operator
    inner = to.graph.producer(node.inputs[0]) if node.inputs else None
    if not isinstance(operator, Pointwise) or node.constants or inner is None:
        return node, Clamp()
    epilogue = operator.epilogue
    is_clamp = epilogue == Epilogue(low=epilogue.low, high=epilogue.high)
    if not is_clamp or not to.is_read_once(node.output):
        return node, Clamp()
    quantize = result.node.operator
    assert isinstance(quantize, Quantize)
    # Quantized numbers have the order of the numbers, so the bounds may be quantized first.
    low, high = (quantize.compute([np.array(bound, np.float32)], {}) for bound in epilogue.bounds)
    return inner, Clamp(int(low.item()), int(high.item()))


def _without_integer_roles(graph: Graph) -> Graph:
    """Return a graph whose nodes have only the constants that they compute with."""
    nodes = []
    for node in graph.nodes:
        roles = {r: name for r, name in node.constants.items() if not is_of_integers(r)}
        nodes.append(replace(node, constants=roles))
    return graph.with_nodes(nodes)
