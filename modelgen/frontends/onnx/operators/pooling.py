"""Poolings over windows, and over whole feature maps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.onnx.module import Function
from modelgen.frontends.onnx.nodes import OnnxNode
from modelgen.frontends.onnx.windows import Window, surrounded, window_of

_MAXIMA: dict[int, Callable[..., Tensor]] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_AVERAGES: dict[int, Callable[..., Tensor]] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
_LARGEST: dict[int, Callable[..., Tensor]] = {
    1: F.adaptive_max_pool1d,
    2: F.adaptive_max_pool2d,
    3: F.adaptive_max_pool3d,
}


def _window(node: OnnxNode, x: Tensor) -> Window:
    """Return the window of a pooling; its padding is as given."""
    if not 1 <= x.dim() - 2 <= 3:
        node.refuse(f"works on {max(x.dim() - 2, 0)} dimensions; supported: 1, 2 and 3")
    window = window_of(node, x.shape[2:], node.attribute("kernel_shape"))
    automatic = node.attribute("auto_pad", "NOTSET")
    if automatic.startswith("SAME") and any(step != 1 for step in window.dilation):
        # ONNX and ONNX Runtime disagree about the padding.
        node.refuse(f"has dilations and an auto_pad of '{automatic}'", "Give it pads instead.")
    return window


def _counts(node: OnnxNode, sizes: Sequence[int], window: Window) -> list[int]:
    """Return the number of windows along each dimension.

    With ceil_mode, there is one more if it begins before the padding at the end.
    """
    counts = []
    for axis, size in enumerate(sizes):
        before, after, step = window.before[axis], window.after[axis], window.stride[axis]
        room = size + before + after - window.span[axis]
        count = room // step + 1
        if node.attribute("ceil_mode", 0) and room % step and count * step < size + before:
            count += 1
        counts.append(count)
    return counts


def _is_of_torch(node: OnnxNode, window: Window) -> bool:
    """Return whether PyTorch has the padding of a window."""
    sides = zip(window.before, window.kernel, strict=True)
    return window.is_symmetric and all(2 * before <= size for before, size in sides)


def _reaching(sizes: Sequence[int], window: Window, counts: Sequence[int]) -> Window:
    """Return a window whose padding ends where the last window does."""
    after = [
        max((count - 1) * step + span - size - before, 0)
        for count, step, span, size, before in zip(
            counts, window.stride, window.span, sizes, window.before, strict=True
        )
    ]
    return replace(window, after=tuple(after))


def max_pool(node: OnnxNode, x: Tensor) -> Tensor:
    """Return the maximum of each window."""
    if node.returns(1):
        node.refuse("returns indices, which are not supported")
    window = _window(node, x)
    function = _MAXIMA[len(window.kernel)]
    if _is_of_torch(node, window):
        ceil = bool(node.attribute("ceil_mode", 0))
        return function(
            x, window.kernel, window.stride, window.before, window.dilation, ceil_mode=ceil
        )
    whole = _reaching(x.shape[2:], window, _counts(node, x.shape[2:], window))
    padded = surrounded(x, whole.before, whole.after, -math.inf)
    return function(padded, window.kernel, window.stride, dilation=window.dilation)


def average_pool(node: OnnxNode, x: Tensor) -> Tensor:
    """Return the average of each window, with or without its padding."""
    window = _window(node, x)
    if any(step != 1 for step in window.dilation):
        node.refuse("has dilations; only those of MaxPool are supported")
    function = _AVERAGES[len(window.kernel)]
    ceil = bool(node.attribute("ceil_mode", 0))
    includes = bool(node.attribute("count_include_pad", 0))
    if _is_of_torch(node, window):
        return function(x, window.kernel, window.stride, window.before, ceil, includes)
    counts = _counts(node, x.shape[2:], window)
    whole = _reaching(x.shape[2:], window, counts)
    padded = surrounded(x, whole.before, whole.after, 0.0)
    divisors = _divisors(x.shape[2:], window, counts, includes=includes)
    factors = math.prod(window.kernel) / divisors
    averages = function(padded, window.kernel, window.stride)
    if (factors == 1.0).all():
        return averages
    return averages * torch.tensor(factors.tolist(), dtype=torch.float32)


def _divisors(
    sizes: Sequence[int], window: Window, counts: Sequence[int], *, includes: bool
) -> np.ndarray:
    """Return how many elements each average is of, shape (counts...).

    Args:
        sizes: of the maps.
        window: with its padding as given.
        counts: windows along each dimension.
        includes: whether the padding counts.
    """
    result = np.ones(tuple(counts))
    for axis, (size, count) in enumerate(zip(sizes, counts, strict=True)):
        before, after = (window.before[axis], window.after[axis]) if includes else (0, 0)
        starts = np.arange(count) * window.stride[axis] - window.before[axis]
        ends = np.minimum(starts + window.kernel[axis], size + after)
        lengths = ends - np.maximum(starts, -before)
        result = result * lengths.reshape(-1, *[1] * (len(counts) - axis - 1))
    return result


def global_average(node: OnnxNode, x: Tensor) -> Tensor:
    """Return the average of each map."""
    return x.mean(tuple(range(2, x.dim())), keepdim=True)


def global_maximum(node: OnnxNode, x: Tensor) -> Tensor:
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
