"""Padding, in all its modes."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.onnx.module import Function
from modelgen.frontends.onnx.nodes import OnnxNode
from modelgen.frontends.onnx.windows import surrounded

_MODES = {"reflect": "reflect", "edge": "replicate"}
"""Mode of ONNX -> that of PyTorch."""
_SPATIAL = 2
"""Dimensions that PyTorch pads at most, other than with a constant."""


def pad(
    node: OnnxNode, x: Tensor, pads: Tensor, value: Tensor | None = None, axes: Tensor | None = None
) -> Tensor:
    """Return a tensor with values around it; negative numbers cut off values."""
    numbers = node.ints(1, "padding")
    chosen = [axis % x.dim() for axis in node.ints(3, "list of axes")] if node.has(3) else None
    named = list(range(x.dim())) if chosen is None else chosen
    before, after = [0] * x.dim(), [0] * x.dim()
    for axis, first, last in zip(named, numbers, numbers[len(named) :], strict=False):
        before[axis], after[axis] = max(first, 0), max(last, 0)
        begin = max(-first, 0)
        x = x.narrow(axis, begin, x.shape[axis] - begin - max(-last, 0))
    mode = node.attribute("mode", "constant")
    if mode == "constant":
        return surrounded(x, before, after, node.number(2, "value") if node.has(2) else 0.0)
    if mode not in (*_MODES, "wrap"):
        node.refuse(f"has the mode '{mode}'; valid choices: constant, edge, reflect, wrap")
    return _from_inside(x, before, after, mode)


def _from_inside(x: Tensor, before: list[int], after: list[int], mode: str) -> Tensor:
    """Return a tensor with values around it that are its own."""
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


OPERATORS: dict[str, Function] = {"Pad": pad}
"""Operator type -> its function."""
