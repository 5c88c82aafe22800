"""Poolings over windows, and over whole feature maps."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.pooling import averages, maxima
from modelgen.frontends.nodes.windows import Window
from modelgen.frontends.onnx.windows import window_of

_LARGEST: dict[int, Callable[..., Tensor]] = {
    1: F.adaptive_max_pool1d,
    2: F.adaptive_max_pool2d,
    3: F.adaptive_max_pool3d,
}


def _window(node: FileNode, x: Tensor) -> Window:
    """Return the window of a pooling; its padding is as given."""
    if not 1 <= x.dim() - 2 <= 3:
        node.refuse(f"works on {max(x.dim() - 2, 0)} dimensions; supported: 1, 2 and 3")
    window = window_of(node, x.shape[2:], node.attribute("kernel_shape"))
    automatic = node.attribute("auto_pad", "NOTSET")
    if automatic.startswith("SAME") and any(step != 1 for step in window.dilation):
        # ONNX and ONNX Runtime disagree about the padding.
        node.refuse(f"has dilations and an auto_pad of '{automatic}'", "Give it pads instead.")
    return window


def max_pool(node: FileNode, x: Tensor) -> Tensor:
    """Return the maximum of each window."""
    if node.returns(1):
        node.refuse("returns indices, which are not supported")
    return maxima(x, _window(node, x), ceil=bool(node.attribute("ceil_mode", 0)))


def average_pool(node: FileNode, x: Tensor) -> Tensor:
    """Return the average of each window, with or without its padding."""
    window = _window(node, x)
    if any(step != 1 for step in window.dilation):
        node.refuse("has dilations; only those of MaxPool are supported")
    ceil, includes = (bool(node.attribute(each, 0)) for each in ("ceil_mode", "count_include_pad"))
    return averages(x, window, ceil=ceil, includes=includes)


def global_average(node: FileNode, x: Tensor) -> Tensor:
    """Return the average of each map."""
    return x.mean(tuple(range(2, x.dim())), keepdim=True)


def global_maximum(node: FileNode, x: Tensor) -> Tensor:
    """Return the maximum of each map."""
    if x.dim() - 2 not in _LARGEST:
        node.refuse(f"works on {max(x.dim() - 2, 0)} dimensions; supported: 1, 2 and 3")
    return _LARGEST[x.dim() - 2](x, 1)


OPERATORS: dict[str, Function] = {
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average,
    "GlobalMaxPool": global_maximum,
    "MaxPool": max_pool,
}
"""Operator type -> its function."""
