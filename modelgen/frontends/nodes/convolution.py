"""Transposed convolutions that cut off numbers of their own at each side."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.node import RefusedError
from modelgen.frontends.nodes.windows import Window

_FUNCTIONS: dict[int, Callable[..., Tensor]] = {
    1: F.conv_transpose1d,
    2: F.conv_transpose2d,
    3: F.conv_transpose3d,
}


def transposed(
    x: Tensor, weight: Tensor, bias: Tensor | None, window: Window, group: int
) -> Tensor:
    """Return a transposed convolution.

    PyTorch cuts off the same number of elements at both sides, then leaves some more at the end
    (output_padding). Where that does not do, it cuts off less, and the rest is sliced off.

    Args:
        x: feature maps, shape (samples, channels, sizes...), of one to three dimensions.
        weight: shape (channels, output channels of a group, kernel...).
        bias: of the output channels.
        window: its padding is what is cut off; a negative number at the end adds elements.
        group: number of groups.
    """
    sides = window.before, window.after
    pairs = zip(*sides, window.stride, window.dilation, strict=True)
    cuts = [_of_torch(*each) for each in pairs]
    padding, added = (tuple(each[at] for each in cuts) for at in (0, 1))
    function = _FUNCTIONS[len(window.kernel)]
    result = function(x, weight, bias, window.stride, padding, added, group, window.dilation)
    for axis, (before, after, cut, more) in enumerate(zip(*sides, padding, added, strict=True), 2):
        first, last = before - cut, after - cut + more
        if first or last:
            result = result.narrow(axis, first, result.shape[axis] - first - last)
    return result


def _of_torch(before: int, after: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return PyTorch's padding and output_padding for what is cut off along a dimension."""
    most = max(stride, dilation) - 1
    if 0 <= before - after <= most:
        return before, before - after
    if -after > most:
        raise RefusedError(
            f"adds {-after} elements at the end of a dimension; at most {most} can be"
        )
    return min(before, max(after, 0)), max(-after, 0)
