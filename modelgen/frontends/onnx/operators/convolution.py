"""Convolutions and transposed convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NoReturn

import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.convolution import transposed
from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.windows import Window, padded_evenly
from modelgen.frontends.onnx.windows import halves, window_of

_CONVOLUTIONS: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


def _refuse_rank(node: FileNode, x: Tensor) -> NoReturn:
    node.refuse(f"works on {max(x.dim() - 2, 0)} dimensions; supported: 1, 2 and 3")


def convolution(node: FileNode, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return a convolution."""
    function = _CONVOLUTIONS.get(x.dim() - 2) or _refuse_rank(node, x)
    window = window_of(node, x.shape[2:], weight.shape[2:])
    x, padding = padded_evenly(x, window)
    return function(
        x, weight, bias, window.stride, padding, window.dilation, node.attribute("group", 1)
    )


def transposed_convolution(
    node: FileNode, x: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    """Return a transposed convolution."""
    if x.dim() - 2 not in _CONVOLUTIONS:
        _refuse_rank(node, x)
    window = window_of(node, x.shape[2:], weight.shape[2:])
    before, after = _cut_off(node, x.shape[2:], window)
    cut = replace(window, before=tuple(before), after=tuple(after))
    return transposed(x, weight, bias, cut, node.attribute("group", 1))


def _cut_off(
    node: FileNode, sizes: Sequence[int], window: Window
) -> tuple[Sequence[int], Sequence[int]]:
    """Return how many elements are cut off at the front and at the end of each dimension.

    The end's are less output_padding, so they may be negative.
    """
    added = node.attribute("output_padding", [0] * len(sizes))
    automatic = node.attribute("auto_pad", "NOTSET")
    wanted = node.attribute("output_shape")
    if wanted is None and automatic in ("NOTSET", "VALID"):
        pairs = zip(window.after, added, strict=True)
        return window.before, [number - more for number, more in pairs]
    whole = [
        step * (size - 1) + span + more
        for size, step, span, more in zip(sizes, window.stride, window.span, added, strict=True)
    ]
    if wanted is None:
        # As in ONNX Runtime, nothing is added where kernels are smaller than strides.
        same = (size * step for size, step in zip(sizes, window.stride, strict=True))
        wanted = [min(size, limit) for size, limit in zip(whole, same, strict=True)]
    wanted = wanted[-len(sizes) :]
    total = [max(size - result, 0) for size, result in zip(whole, wanted, strict=True)]
    before, _ = halves(total, automatic)
    ends = zip(whole, before, wanted, added, strict=True)
    return before, [size - more - first - result for size, first, result, more in ends]


OPERATORS: dict[str, Function] = {
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
}
"""Operator type -> its function."""
