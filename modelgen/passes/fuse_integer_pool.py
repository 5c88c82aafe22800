"""Fuse a max-pooling of integers whose windows do not overlap into the convolution before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.ir.graph import Graph, Node
from modelgen.operators import IntegerConv2d, IntegerMaxPool2d
from modelgen.operators.integer.epilogue import IntegerEpilogue
from modelgen.passes.into_producer import into_producer

_LARGEST = 255
"""Rows, and columns, of the windows that the engine pools results over."""


def fuse_integer_pool(
    graph: Graph, can_run: Callable[[Graph, Node], bool], accumulator_depth: int
) -> Graph:
    """Fuse each max-pooling with kernel = stride and no padding into a convolution.

    Args:
        graph: a graph of integers.
        can_run: whether the target that pools runs a node; what it does not run stays as it is.
        accumulator_depth: accumulator entries, which hold two windows.
    """
    most_taps = accumulator_depth // 2
    return into_producer(graph, lambda node, before: _merged(node, before, most_taps), can_run)


def _merged(node: Node, before: Node, most_taps: int) -> Node | None:
    pooling, operator = node.operator, before.operator
    if not isinstance(pooling, IntegerMaxPool2d) or not isinstance(operator, IntegerConv2d):
        return None
    window = pooling.window
    simple = window.kernel == window.stride and window.dilation == (1, 1)
    fits = window.taps <= most_taps and max(window.kernel) <= _LARGEST
    is_first = operator.epilogue == IntegerEpilogue()
    if not (simple and fits and is_first) or any(window.padding):
        return None
    # The largest of clamped results is the clamped largest one.
    rule = operator.requantization
    bounds = pooling.clamp.of(np.array([rule.clamp.low, rule.clamp.high]))
    clamp = Clamp(*bounds.tolist())
    pooled = replace(
        operator,
        requantization=replace(rule, clamp=clamp),
        epilogue=IntegerEpilogue(pool=window.kernel),
    )
    fused = (*before.fused, node.name, *node.fused)
    return replace(before, operator=pooled, output=node.output, fused=fused)
