"""Comparisons, logic of masks, and choices by a mask."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode


def _of_two(function: Callable[[Tensor, Tensor], Tensor]) -> Function:
    return lambda node, left, right: function(left, right)


def negation(node: FileNode, mask: Tensor) -> Tensor:
    """Return where a mask is not set."""
    return torch.logical_not(mask)


def choice(node: FileNode, mask: Tensor, chosen: Tensor, other: Tensor) -> Tensor:
    """Return one tensor where a mask is set, and the other elsewhere."""
    if 0 in node.constants:
        # Exporters write masks that turn out to choose one tensor alone.
        values = node.constants[0]
        for same, tensor in ((values.all(), chosen), (not values.any(), other)):
            if same and tensor.shape == torch.broadcast_shapes(
                mask.shape, chosen.shape, other.shape
            ):
                return tensor
    return torch.where(mask, chosen, other)


OPERATORS: dict[str, Function] = {
    "And": _of_two(torch.logical_and),
    "Equal": _of_two(torch.eq),
    "Greater": _of_two(torch.gt),
    "GreaterOrEqual": _of_two(torch.ge),
    "Less": _of_two(torch.lt),
    "LessOrEqual": _of_two(torch.le),
    "Not": negation,
    "Or": _of_two(torch.logical_or),
    "Where": choice,
    "Xor": _of_two(torch.ne),
}
"""Operator type -> its function."""
