"""Reductions over dimensions, running sums, and the indices of extrema."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.sums import sums_along
from modelgen.frontends.tflite.float_operators.dimensions import axes_of, axis_of

Reduction = Callable[[Tensor, list[int], bool], Tensor]
"""Reduces dimensions of a tensor, and keeps them with size 1 or not."""


def _reduction(reduce: Reduction) -> Function:
    """Return the function of an operator that reduces the dimensions that a node names."""

    def compute(node: FileNode, x: Tensor, axes: Tensor) -> Tensor:
        named = axes_of(node, 1, x.dim())
        return reduce(x, named, bool(node.attribute("KeepDims"))) if named else x

    return compute


def _product(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    for axis in reversed(axes):
        x = x.prod(axis, keepdim=keep)
    return x


def running_sum(node: FileNode, x: Tensor, axis: Tensor) -> Tensor:
    """Return the sum of the elements up to each along an axis, or of those before it."""
    exclusive, backwards = (bool(node.attribute(each)) for each in ("Exclusive", "Reverse"))
    return sums_along(x, axis_of(node, 1, x.dim()), exclusive=exclusive, backwards=backwards)


def _index_of(extremum: Callable[[Tensor, int], Tensor]) -> Function:
    """Return what computes the index of the first largest or smallest value along an axis."""
    return lambda node, x, axis: extremum(x, axis_of(node, 1, x.dim()))


OPERATORS: dict[str, Function] = {
    "ARG_MAX": _index_of(torch.argmax),
    "ARG_MIN": _index_of(torch.argmin),
    "CUMSUM": running_sum,
    "MEAN": _reduction(lambda x, axes, keep: x.mean(axes, keepdim=keep)),
    "REDUCE_MAX": _reduction(lambda x, axes, keep: x.amax(axes, keepdim=keep)),
    "REDUCE_MIN": _reduction(lambda x, axes, keep: x.amin(axes, keepdim=keep)),
    "REDUCE_PROD": _reduction(_product),
    "SUM": _reduction(lambda x, axes, keep: x.sum(axes, keepdim=keep)),
}
"""Operator of a file -> its function."""
