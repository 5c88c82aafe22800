"""Windows of convolutions and poolings: kernel, stride, dilation, padding, as ONNX defines them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.onnx.nodes import OnnxNode

_AUTOMATIC = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


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


def window_of(node: OnnxNode, sizes: Sequence[int], kernel: Sequence[int]) -> Window:
    """Return a node's window.

    Args:
        node: a convolution or pooling.
        sizes: of the dimensions that the window slides over.
        kernel: of the window.

    Raises:
        RefusedError: it has a padding that is not defined.
    """
    rank = len(sizes)
    stride = tuple(node.attribute("strides", [1] * rank))
    dilation = tuple(node.attribute("dilations", [1] * rank))
    window = Window(tuple(kernel), stride, dilation, (0,) * rank, (0,) * rank)
    automatic = node.attribute("auto_pad", "NOTSET")
    if automatic not in _AUTOMATIC:
        node.refuse(f"has an auto_pad of '{automatic}'; valid choices: {', '.join(_AUTOMATIC)}")
    if automatic == "NOTSET":
        pads = node.attribute("pads", [0] * 2 * rank)
        before, after = pads[:rank], pads[rank:]
    elif automatic == "VALID":
        return window
    else:
        total = [
            max((-(-size // step) - 1) * step + span - size, 0)
            for size, step, span in zip(sizes, stride, window.span, strict=True)
        ]
        before, after = halves(total, automatic)
    return Window(tuple(kernel), stride, dilation, tuple(before), tuple(after))


def halves(total: Sequence[int], automatic: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return padding divided between front and end: the odd one at the end for SAME_UPPER."""
    less = tuple(number // 2 for number in total)
    more = tuple(number - number // 2 for number in total)
    return (less, more) if automatic == "SAME_UPPER" else (more, less)


def surrounded(x: Tensor, before: Sequence[int], after: Sequence[int], value: float) -> Tensor:
    """Return a tensor with a constant around its last dimensions."""
    pairs = list(zip(before, after, strict=True))
    if not any(any(pair) for pair in pairs):
        return x
    return F.pad(x, [number for pair in reversed(pairs) for number in pair], value=value)
