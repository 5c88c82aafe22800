"""Running sums."""

from __future__ import annotations

import torch
from torch import Tensor

from modelgen.frontends.nodes.windows import surrounded


def sums_along(x: Tensor, axis: int, *, exclusive: bool, backwards: bool) -> Tensor:
    """Return the sum of the elements up to each along an axis.

    Args:
        x: any tensor.
        axis: from 0 on.
        exclusive: whether each sum is of the elements before its own.
        backwards: whether sums begin at the end.
    """
    x = torch.flip(x, [axis]) if backwards else x
    sums = torch.cumsum(x, axis)
    if exclusive:
        before = [0] * x.dim()
        before[axis] = 1
        sums = surrounded(sums.narrow(axis, 0, x.shape[axis] - 1), before, [0] * x.dim(), 0.0)
    return torch.flip(sums, [axis]) if backwards else sums
