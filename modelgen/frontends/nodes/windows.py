"""Windows that slide over feature maps: kernel, stride, dilation, padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Window:
    """A window that slides over some dimensions; a number for each of them."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    """Padding in front of the first element."""
    after: tuple[int, ...]
    """Padding behind the last one."""

    @property
    def span(self) -> tuple[int, ...]:
        """Return how many elements a window reaches over."""
        pairs = zip(self.kernel, self.dilation, strict=True)
        return tuple((size - 1) * step + 1 for size, step in pairs)

    @property
    def is_symmetric(self) -> bool:
        """Return whether there is as much padding in front as behind."""
        return self.before == self.after


def surrounded(x: Tensor, before: Sequence[int], after: Sequence[int], value: float) -> Tensor:
    """Return a tensor with a constant around its last dimensions."""
    pairs = list(zip(before, after, strict=True))
    if not any(any(pair) for pair in pairs):
        return x
    return F.pad(x, [number for pair in reversed(pairs) for number in pair], value=value)


def padded_evenly(x: Tensor, window: Window) -> tuple[Tensor, tuple[int, ...]]:
    """Return a tensor, and the padding with zeros that it still needs at both ends alike.

    Args:
        x: feature maps, rows and columns last.
        window: that slides over them.
    """
    if window.is_symmetric:
        return x, window.before
    return surrounded(x, window.before, window.after, 0.0), (0,) * len(window.before)
