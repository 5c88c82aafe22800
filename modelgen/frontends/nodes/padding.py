"""Padding of tensors with values of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.node import check_size

_MODES = {"reflect": "reflect", "edge": "replicate"}
"""Mode of ONNX -> that of PyTorch."""
_SPATIAL = 2
"""Dimensions that PyTorch pads at most, other than with a constant."""


def from_inside(x: Tensor, before: Sequence[int], after: Sequence[int], mode: str) -> Tensor:
    """Return a tensor with values around it that are its own.

    Args:
        x: any tensor; feature maps have their rows and columns last.
        before: elements to add in front, for each dimension.
        after: elements to add behind.
        mode: of `numpy.pad`: "reflect", "symmetric", "edge" or "wrap".
    """
    check_size([sum(each) for each in zip(before, after, x.shape, strict=True)])
    axes = [axis for axis in range(x.dim()) if before[axis] or after[axis]]
    spatial = x.dim() - 2
    if mode in _MODES and 1 <= spatial <= _SPATIAL and all(axis >= 2 for axis in axes):
        sides = zip(before, after, x.shape, strict=True)
        if mode == "edge" or all(max(first, last) < size for first, last, size in sides):
            pairs = [(before[axis], after[axis]) for axis in reversed(range(2, x.dim()))]
            return F.pad(x, [number for pair in pairs for number in pair], mode=_MODES[mode])
    for axis in axes:
        around = (before[axis], after[axis])
        indices = np.pad(np.arange(x.shape[axis]), around, mode=mode)  # type: ignore[call-overload]
        x = torch.index_select(x, axis, torch.tensor(indices.tolist()))
    return x
