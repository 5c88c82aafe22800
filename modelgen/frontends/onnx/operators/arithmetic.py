"""Arithmetic on tensors that are broadcast against each other."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.quotients import quotient


def _of_two(function: Callable[[Tensor, Tensor], Tensor]) -> Function:
    return lambda node, left, right: function(left, right)


def power(node: FileNode, x: Tensor, exponent: Tensor) -> Tensor:
    """Raise to a power, most often the same for all values."""
    if 1 in node.constants and exponent.numel() == 1:
        return torch.pow(x, node.number(1, "exponent")).reshape(
            torch.broadcast_shapes(x.shape, exponent.shape)
        )
    return torch.pow(x, exponent)


def _extremum(
    function: Callable[[Tensor, Tensor], Tensor], bounded: Callable[[Tensor, float], Tensor]
) -> Function:
    """Return what computes the minimum or the maximum of tensors.

    Args:
        function: of two tensors.
        bounded: of a tensor and a number.
    """

    def of_two(node: FileNode, left: Tensor, at: int, right: Tensor) -> Tensor:
        is_number = at in node.constants and not any(size != 1 for size in right.shape)
        if is_number and right.dim() <= left.dim() and left.is_floating_point():
            return bounded(left, node.number(at, "bound"))
        return function(left, right)

    def compute(node: FileNode, *values: Tensor) -> Tensor:
        # Constants last: the first is what changes with the model's input.
        order = sorted(range(len(values)), key=lambda at: at in node.constants)
        result = values[order[0]]
        for at in order[1:]:
            result = of_two(node, result, at, values[at])
        return result

    return compute


def total(node: FileNode, *values: Tensor) -> Tensor:
    """Return the sum of tensors."""
    return reduce(torch.add, values)


def mean(node: FileNode, *values: Tensor) -> Tensor:
    """Return the mean of tensors."""
    return total(node, *values) / len(values)


OPERATORS: dict[str, Function] = {
    "Add": _of_two(torch.add),
    "Div": _of_two(quotient),
    "Max": _extremum(torch.maximum, torch.clamp_min),
    "Mean": mean,
    "Min": _extremum(torch.minimum, torch.clamp_max),
    "Mul": _of_two(torch.mul),
    "Pow": power,
    "Sub": _of_two(torch.sub),
    "Sum": total,
}
"""Operator type -> its function."""
