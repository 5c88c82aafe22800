"""Reductions over dimensions, running sums, and the indices of extrema."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from modelgen.frontends.onnx.module import Function
from modelgen.frontends.onnx.nodes import OnnxNode
from modelgen.frontends.onnx.windows import surrounded

Reduction = Callable[[Tensor, list[int], bool], Tensor]
"""Reduces dimensions of a tensor, and keeps them with size 1 or not."""


def _reduction(reduce: Reduction) -> Function:
    """Return the function of an operator that reduces the dimensions that a node names."""

    def compute(node: OnnxNode, x: Tensor, axes: Tensor | None = None) -> Tensor:
        named = node.ints(1, "list of axes") if node.has(1) else node.attribute("axes", [])
        if not named and node.attribute("noop_with_empty_axes", 0):
            return x
        chosen = sorted(axis % x.dim() for axis in named) or list(range(x.dim()))
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


def running_sum(node: OnnxNode, x: Tensor, axis: Tensor) -> Tensor:
    """Return the sum of the elements up to each along an axis, or of those before it."""
    along = int(node.number(1, "axis")) % x.dim()
    backwards = bool(node.attribute("reverse", 0))
    x = torch.flip(x, [along]) if backwards else x
    sums = torch.cumsum(x, along)
    if node.attribute("exclusive", 0):
        before = [0] * x.dim()
        before[along] = 1
        sums = surrounded(sums.narrow(along, 0, x.shape[along] - 1), before, [0] * x.dim(), 0.0)
    return torch.flip(sums, [along]) if backwards else sums


def largest_index(node: OnnxNode, x: Tensor) -> Tensor:
    """Return the index of the first largest value along an axis."""
    if node.attribute("select_last_index", 0):
        node.refuse("chooses the last of several largest values; only the first is supported")
    return torch.argmax(x, node.attribute("axis", 0), bool(node.attribute("keepdims", 1)))


def smallest_index(node: OnnxNode, x: Tensor) -> Tensor:
    """Return the index of the first smallest value along an axis."""
    if node.attribute("select_last_index", 0):
        node.refuse("chooses the last of several smallest values; only the first is supported")
    return torch.argmin(x, node.attribute("axis", 0), bool(node.attribute("keepdims", 1)))


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
