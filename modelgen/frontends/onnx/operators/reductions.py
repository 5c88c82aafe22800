"""Reductions over dimensions, running sums, and the indices of extrema."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.sums import sums_along

Reduction = Callable[[Tensor, list[int], bool], Tensor]
"""Reduces dimensions of a tensor, and keeps them with size 1 or not."""


def _reduction(reduce: Reduction) -> Function:
    """Return the function of an operator that reduces the dimensions that a node names."""

    def compute(node: FileNode, x: Tensor, axes: Tensor | None = None) -> Tensor:
        named = node.ints(1, "list of axes") if node.has(1) else node.attribute("axes", [])
        if not named and node.attribute("noop_with_empty_axes", 0):
            return x
        chosen = node.axes(named, x.dim()) or list(range(x.dim()))
        return reduce(x, chosen, bool(node.attribute("keepdims", 1)))

    return compute


def _sum(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    return x.sum(axes, keepdim=keep)


def _mean(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    return x.mean(axes, keepdim=keep)


def _maximum(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    return x.amax(axes, keepdim=keep)


def _minimum(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    return x.amin(axes, keepdim=keep)


def _product(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    for axis in reversed(axes):
        x = x.prod(axis, keepdim=keep)
    return x


def _norm(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    return torch.linalg.vector_norm(x, dim=axes, keepdim=keep)


def _absolute_sum(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    return torch.abs(x).sum(axes, keepdim=keep)


def _square_sum(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    return (x * x).sum(axes, keepdim=keep)


def _log_sum(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    return torch.log(x.sum(axes, keepdim=keep))


def _log_sum_exp(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    largest = x.amax(axes, keepdim=True)
    sums = torch.log(torch.exp(x - largest).sum(axes, keepdim=True)) + largest
    return sums if keep else sums.squeeze(tuple(axes))


def running_sum(node: FileNode, x: Tensor, axis: Tensor) -> Tensor:
    """Return the sum of the elements up to each along an axis, or of those before it."""
    along = node.axis(int(node.number(1, "axis")), x.dim())
    exclusive, backwards = (bool(node.attribute(each, 0)) for each in ("exclusive", "reverse"))
    return sums_along(x, along, exclusive=exclusive, backwards=backwards)


def _axis(node: FileNode, x: Tensor) -> int:
    return node.axis(node.attribute("axis", 0), x.dim())


def largest_index(node: FileNode, x: Tensor) -> Tensor:
    """Return the index of the first largest value along an axis."""
    if node.attribute("select_last_index", 0):
        node.refuse("chooses the last of several largest values; only the first is supported")
    return torch.argmax(x, _axis(node, x), bool(node.attribute("keepdims", 1)))


def smallest_index(node: FileNode, x: Tensor) -> Tensor:
    """Return the index of the first smallest value along an axis."""
    if node.attribute("select_last_index", 0):
        node.refuse("chooses the last of several smallest values; only the first is supported")
    return torch.argmin(x, _axis(node, x), bool(node.attribute("keepdims", 1)))


OPERATORS: dict[str, Function] = {
    "ArgMax": largest_index,
    "ArgMin": smallest_index,
    "CumSum": running_sum,
    "ReduceL1": _reduction(_absolute_sum),
    "ReduceL2": _reduction(_norm),
    "ReduceLogSum": _reduction(_log_sum),
    "ReduceLogSumExp": _reduction(_log_sum_exp),
    "ReduceMax": _reduction(_maximum),
    "ReduceMean": _reduction(_mean),
    "ReduceMin": _reduction(_minimum),
    "ReduceProd": _reduction(_product),
    "ReduceSum": _reduction(_sum),
    "ReduceSumSquare": _reduction(_square_sum),
}
"""Operator type -> its function."""
