"""Convolutions and transposed convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.onnx.module import Function
from modelgen.frontends.onnx.nodes import OnnxNode
from modelgen.frontends.onnx.windows import Window, halves, surrounded, window_of

_CONVOLUTIONS: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSED: dict[int, Callable[..., Tensor]] = {
    1: F.conv_transpose1d,
    2: F.conv_transpose2d,
    3: F.conv_transpose3d,
}


def _function(node: OnnxNode, table: dict[int, Callable[..., Tensor]], x: Tensor) -> Function:
    """Return the function for the number of dimensions."""
    if x.dim() - 2 not in table:
        node.refuse(f"works on {max(x.dim() - 2, 0)} dimensions; supported: 1, 2 and 3")
    return table[x.dim() - 2]


def convolution(node: OnnxNode, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return a convolution."""
    function = _function(node, _CONVOLUTIONS, x)
    window = window_of(node, x.shape[2:], weight.shape[2:])
    padding = window.before
    if not window.is_symmetric:
        x, padding = surrounded(x, window.before, window.after, 0.0), (0,) * len(padding)
    return function(
        x, weight, bias, window.stride, padding, window.dilation, node.attribute("group", 1)
    )


def transposed_convolution(
    node: OnnxNode, x: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    """Return a transposed convolution.

    ONNX cuts off numbers of its own at each side. PyTorch cuts off the same number at both sides,
    then leaves some more at the end (output_padding). Where that does not do, it cuts off less, and
    the rest is sliced off.
    """
    function = _function(node, _TRANSPOSED, x)
    window = window_of(node, x.shape[2:], weight.shape[2:])
    sides = _cut_off(node, x.shape[2:], window)
    cuts = [
        _of_torch(node, *each) for each in zip(*sides, window.stride, window.dilation, strict=True)
    ]
    padding = tuple(cut for cut, _ in cuts)
    added = tuple(more for _, more in cuts)
    group = node.attribute("group", 1)
    result = function(x, weight, bias, window.stride, padding, added, group, window.dilation)
    for axis, (before, after, cut, more) in enumerate(zip(*sides, padding, added, strict=True), 2):
        first, last = before - cut, after - cut + more
        if first or last:
            result = result.narrow(axis, first, result.shape[axis] - first - last)
    return result


def _of_torch(
    node: OnnxNode, before: int, after: int, stride: int, dilation: int
) -> tuple[int, int]:
    """Return PyTorch's padding and output_padding for what is cut off along a dimension."""
    most = max(stride, dilation) - 1
    if 0 <= before - after <= most:
        return before, before - after
    if -after > most:
        node.refuse(f"adds {-after} elements at the end of a dimension; at most {most} can be")
    return min(before, max(after, 0)), max(-after, 0)


def _cut_off(
    node: OnnxNode, sizes: Sequence[int], window: Window
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
