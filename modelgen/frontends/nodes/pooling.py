"""Maxima and averages of windows, with any padding."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.node import check_size
from modelgen.frontends.nodes.windows import Window, surrounded

_MAXIMA: dict[int, Callable[..., Tensor]] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_AVERAGES: dict[int, Callable[..., Tensor]] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


def maxima(x: Tensor, window: Window, *, ceil: bool = False) -> Tensor:
    """Return the maximum of each window; padding never is one.

    Args:
        x: feature maps, shape (samples, channels, sizes...), of one to three dimensions.
        window: that slides over them.
        ceil: whether there is one more window if it begins before the padding at the end.
    """
    check_size(window.span)
    function = _MAXIMA[len(window.kernel)]
    if _is_of_torch(window):
        return function(
            x, window.kernel, window.stride, window.before, window.dilation, ceil_mode=ceil
        )
    whole = _reaching(x.shape[2:], window, _counts(x.shape[2:], window, ceil=ceil))
    padded = surrounded(x, whole.before, whole.after, -math.inf)
    return function(padded, window.kernel, window.stride, dilation=window.dilation)


def averages(x: Tensor, window: Window, *, ceil: bool = False, includes: bool = False) -> Tensor:
    """Return the average of each window, which has no dilation; see `maxima`.

    Args:
        x: feature maps.
        window: that slides over them.
        ceil: as for `maxima`.
        includes: whether the padding counts.
    """
    check_size(window.span)
    function = _AVERAGES[len(window.kernel)]
    if _is_of_torch(window):
        return function(x, window.kernel, window.stride, window.before, ceil, includes)
    counts = _counts(x.shape[2:], window, ceil=ceil)
    check_size(counts)
    whole = _reaching(x.shape[2:], window, counts)
    padded = surrounded(x, whole.before, whole.after, 0.0)
    divisors = _divisors(x.shape[2:], window, counts, includes=includes)
    factors = math.prod(window.kernel) / divisors
    found = function(padded, window.kernel, window.stride)
    if (factors == 1.0).all():
        return found
    return found * torch.tensor(factors.tolist(), dtype=torch.float32)


def _counts(sizes: Sequence[int], window: Window, *, ceil: bool) -> list[int]:
    """Return the number of windows along each dimension.

    With `ceil`, there is one more if it begins before the padding at the end.
    """
    counts = []
    for axis, size in enumerate(sizes):
        before, after, step = window.before[axis], window.after[axis], window.stride[axis]
        room = size + before + after - window.span[axis]
        count = room // step + 1
        if ceil and room % step and count * step < size + before:
            count += 1
        counts.append(count)
    return counts


def _is_of_torch(window: Window) -> bool:
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
