"""Poolings."""

from __future__ import annotations

from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.pooling import averages, maxima
from modelgen.frontends.tflite.float_operators.activations import activated
from modelgen.frontends.tflite.float_operators.maps import (
    channels_first,
    channels_last,
    window_of,
)


def _pooling(pool: Function) -> Function:
    """Return the function of a pooling, whose padding never counts."""

    def compute(node: FileNode, x: Tensor) -> Tensor:
        maps = channels_first(node, x)
        kernel = node.attribute("FilterHeight"), node.attribute("FilterWidth")
        window = window_of(node, kernel, maps.shape[2:])
        return channels_last(activated(node, pool(maps, window)))

    return compute


OPERATORS: dict[str, Function] = {
    "AVERAGE_POOL_2D": _pooling(averages),
    "MAX_POOL_2D": _pooling(maxima),
}
"""Operator of a file -> its function."""
