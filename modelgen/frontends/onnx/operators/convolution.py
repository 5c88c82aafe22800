"""Convolutions and transposed convolutions."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.onnx.module import Function
from modelgen.frontends.onnx.nodes import OnnxNode
from modelgen.frontends.onnx.windows import halves, surrounded, window_of

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
    then leaves some more at the end (output_padding); what remains is sliced off.
    """
    function = _function(node, _TRANSPOSED, x)
    rank = x.dim() - 2
    before, after = _cut_off(node, x.shape[2:], weight.shape[2:])
    surplus = [first - last for first, last in zip(before, after, strict=True)]
    stride, dilation = (
        tuple(node.attribute(name, [1] * rank)) for name in ("strides", "dilations")
    )
    result = function(
        x,
        weight,
        bias,
        stride,
        tuple(before),
        tuple(max(number, 0) for number in surplus),
        node.attribute("group", 1),
        dilation,
    )
    for axis, number in enumerate(surplus, 2):
        if number < 0:
            result = result.narrow(axis, 0, result.shape[axis] + number)
    return result


def _cut_off(
    node: OnnxNode, sizes: tuple[int, ...], kernel: tuple[int, ...]
) -> tuple[list[int], list[int]]:
    """Return how many elements are cut off at the front and at the end of each dimension.

    The end's are less output_padding, so they may be negative.
    """
    rank = len(sizes)
    window = window_of(node, sizes, kernel)
    added = node.attribute("output_padding", [0] * rank)
    automatic = node.attribute("auto_pad", "NOTSET")
    wanted = node.attribute("output_shape")
    if wanted is None and automatic in ("NOTSET", "VALID"):
        return list(window.before), [
            number - more for number, more in zip(window.after, added, strict=True)
        ]
    if wanted is None:
        wanted = [size * step for size, step in zip(sizes, window.stride, strict=True)]
    wanted = wanted[-rank:]
    whole = [
        step * (size - 1) + span + more
        for size, step, span, more in zip(sizes, window.stride, window.span, added, strict=True)
    ]
    total = [max(size - result, 0) for size, result in zip(whole, wanted, strict=True)]
    before, _ = halves(total, automatic)
    ends = zip(whole, before, wanted, added, strict=True)
    return list(before), [size - first - result - more for size, first, result, more in ends]


OPERATORS: dict[str, Function] = {
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
}
"""Operator type -> its function."""
