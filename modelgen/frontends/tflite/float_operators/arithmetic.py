"""Arithmetic and comparisons of tensors that are broadcast against each other."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.quotients import quotient
from modelgen.frontends.tflite.float_operators.activations import activated


def _of_two(function: Callable[[Tensor, Tensor], Tensor]) -> Function:
    """Return what computes a function of two tensors, and a fused activation function."""
    return lambda node, left, right: activated(node, function(left, right))


def power(node: FileNode, x: Tensor, exponent: Tensor) -> Tensor:
    """Raise to a power, most often the same for all values."""
    if 1 in node.constants and exponent.numel() == 1 and exponent.dim() <= x.dim():
        return torch.pow(x, node.number(1, "exponent"))
    return torch.pow(x, exponent)


def _extremum(
    function: Callable[[Tensor, Tensor], Tensor], bounded: Callable[[Tensor, float], Tensor]
) -> Function:
    """Return what computes the minimum or the maximum of two tensors.

    Args:
        function: of two tensors.
        bounded: of a tensor and a number.
    """

    def compute(node: FileNode, left: Tensor, right: Tensor) -> Tensor:
        for at, values, bound in ((1, left, right), (0, right, left)):
            is_number = at in node.constants and bound.numel() == 1 and bound.dim() <= values.dim()
            if is_number and values.is_floating_point():
                return bounded(values, node.number(at, "bound"))
        return function(left, right)

    return compute


def squared_difference(node: FileNode, left: Tensor, right: Tensor) -> Tensor:
    """Return the square of a difference."""
    return torch.square(left - right)


def floor_division(node: FileNode, left: Tensor, right: Tensor) -> Tensor:
    """Return the largest integer not above a quotient."""
    return torch.floor(left / right) if left.is_floating_point() else left // right


def total(node: FileNode, *values: Tensor) -> Tensor:
    """Return the sum of tensors."""
    return reduce(torch.add, values)


def choice(node: FileNode, mask: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Return one tensor where a mask is set, and the other elsewhere; a vector chooses rows."""
    if node.operator == "SELECT" and mask.dim() == 1 and left.dim() > 1:
        mask = mask.reshape(-1, *[1] * (left.dim() - 1))
    return torch.where(mask, left, right)


OPERATORS: dict[str, Function] = {
    "ADD": _of_two(torch.add),
    "ADD_N": total,
    "DIV": _of_two(quotient),
    "EQUAL": _of_two(torch.eq),
    "FLOOR_DIV": floor_division,
    "GREATER": _of_two(torch.gt),
    "GREATER_EQUAL": _of_two(torch.ge),
    "LESS": _of_two(torch.lt),
    "LESS_EQUAL": _of_two(torch.le),
    "LOGICAL_AND": _of_two(torch.logical_and),
    "LOGICAL_NOT": lambda node, mask: torch.logical_not(mask),
    "LOGICAL_OR": _of_two(torch.logical_or),
    "MAXIMUM": _extremum(torch.maximum, torch.clamp_min),
    "MINIMUM": _extremum(torch.minimum, torch.clamp_max),
    "MUL": _of_two(torch.mul),
    "NOT_EQUAL": _of_two(torch.ne),
    "POW": power,
    "SELECT": choice,
    "SELECT_V2": choice,
    "SQUARED_DIFFERENCE": squared_difference,
    "SUB": _of_two(torch.sub),
}
"""Operator of a file -> its function."""
