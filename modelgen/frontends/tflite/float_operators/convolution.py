"""Convolutions and transposed convolutions."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.convolution import transposed
from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.windows import Window, padded_evenly
from modelgen.frontends.tflite.float_operators.activations import activated
from modelgen.frontends.tflite.float_operators.maps import (
    channels_first,
    channels_last,
    window_of,
)


def convolution(node: FileNode, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return a convolution; channels of the weights that divide the input's make groups.

    Its weights have the shape (output channels, rows, columns, channels of a group).
    """
    maps, kernel = channels_first(node, x), channels_first(node, weight)
    if not kernel.shape[1] or maps.shape[1] % kernel.shape[1]:
        node.refuse(f"has weights for {kernel.shape[1]} channels, and gets {maps.shape[1]}")
    return _convolved(node, maps, kernel, bias, maps.shape[1] // kernel.shape[1])


def depthwise(node: FileNode, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return a convolution with one kernel or several for each channel.

    Its weights have the shape (1, rows, columns, output channels).
    """
    maps, kernel = channels_first(node, x), channels_first(node, weight).transpose(0, 1)
    if kernel.shape[1] != 1 or not maps.shape[1] or kernel.shape[0] % maps.shape[1]:
        node.refuse(f"has weights {list(weight.shape)}, and gets {maps.shape[1]} channels")
    return _convolved(node, maps, kernel, bias, maps.shape[1])


def _convolved(
    node: FileNode, maps: Tensor, kernel: Tensor, bias: Tensor | None, groups: int
) -> Tensor:
    window = window_of(node, kernel.shape[2:], maps.shape[2:])
    maps, padding = padded_evenly(maps, window)
    result = F.conv2d(maps, kernel, bias, window.stride, padding, window.dilation, groups)
    return channels_last(activated(node, result))


def transposed_convolution(
    node: FileNode, sizes: Tensor, weight: Tensor, x: Tensor, bias: Tensor | None = None
) -> Tensor:
    """Return a transposed convolution.

    The padding is that of the convolution from its result to its input. Its weights have the shape
    (output channels, rows, columns, channels).
    """
    maps, kernel = channels_first(node, x), channels_first(node, weight).transpose(0, 1)
    wanted = node.ints(0, "shape of its result")
    if len(wanted) != 4:
        node.refuse(f"gives feature maps of {len(wanted)} dimensions, not of 4")
    window = window_of(node, kernel.shape[2:], wanted[1:3])
    if (wanted[0], wanted[3]) != (len(x), len(weight)) or _forwards(window, wanted) != maps.shape[
        2:
    ]:
        node.refuse(f"gives {wanted}, of which the convolution does not give {list(x.shape)}")
    after = tuple(
        (size - 1) * step + span - first - result
        for size, step, span, first, result in zip(
            maps.shape[2:], window.stride, window.span, window.before, wanted[1:3], strict=True
        )
    )
    cut = Window(window.kernel, window.stride, window.dilation, window.before, after)
    return channels_last(activated(node, transposed(maps, kernel, bias, cut, 1)))


def _forwards(window: Window, sizes: Sequence[int]) -> tuple[int, ...]:
    """Return rows and columns of what a convolution makes of maps of some sizes."""
    return tuple(
        (size + before + after - span) // step + 1
        for size, before, after, span, step in zip(
            sizes[1:3], window.before, window.after, window.span, window.stride, strict=True
        )
    )


OPERATORS: dict[str, Function] = {
    "CONV_2D": convolution,
    "DEPTHWISE_CONV_2D": depthwise,
    "TRANSPOSE_CONV": transposed_convolution,
}
"""Operator of a file -> its function."""
