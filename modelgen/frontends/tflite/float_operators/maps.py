"""Feature maps: channels last in files, first in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.windows import Window

_SAME = 0
"""The padding with which each stride has an output; the other one is none at all."""


def channels_first(node: FileNode, x: Tensor) -> Tensor:
    """Return feature maps, (samples, rows, columns, channels), in PyTorch's order."""
    if x.dim() != 4:
        node.refuse(f"works on feature maps of 4 dimensions, not of {x.dim()}")
    return x.permute(0, 3, 1, 2)


def channels_last(x: Tensor) -> Tensor:
    """Return feature maps of PyTorch in the order of files."""
    return x.permute(0, 2, 3, 1)


def window_of(node: FileNode, kernel: Sequence[int], sizes: Sequence[int]) -> Window:
    """Return an operator's window.

    Args:
        node: with options for strides and padding, and perhaps for dilation.
        kernel: rows, columns.
        sizes: rows and columns of the maps.
    """
    stride = node.attribute("StrideH"), node.attribute("StrideW")
    dilation = node.attribute("DilationHFactor", 1), node.attribute("DilationWFactor", 1)
    if min(*kernel, *stride, *dilation) < 1:
        node.refuse(f"has an empty window: {tuple(kernel)}, strides {stride}, dilation {dilation}")
    window = Window(tuple(kernel), stride, dilation, (0, 0), (0, 0))
    if node.attribute("Padding") != _SAME:
        return window
    totals = [
        max((-(-size // step) - 1) * step + span - size, 0)
        for size, step, span in zip(sizes, stride, window.span, strict=True)
    ]
    before = tuple(total // 2 for total in totals)
    after = tuple(total - total // 2 for total in totals)
    return Window(tuple(kernel), stride, dilation, before, after)
