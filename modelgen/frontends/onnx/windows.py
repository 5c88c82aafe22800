"""Windows of convolutions and poolings, as ONNX defines them."""

from __future__ import annotations

from collections.abc import Sequence

from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.windows import Window

_AUTOMATIC = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


def window_of(node: FileNode, sizes: Sequence[int], kernel: Sequence[int]) -> Window:
    """Return a node's window.

    Args:
        node: a convolution or pooling.
        sizes: of the dimensions that the window slides over.
        kernel: of the window.

    Raises:
        RefusedError: it has a padding that is not defined.
    """
    rank = len(sizes)
    _check(node, rank, kernel)
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


def _check(node: FileNode, rank: int, kernel: Sequence[int]) -> None:
    """Refuse a window that has other than a positive number for each dimension."""
    given = {name: node.attribute(name, [1] * rank) for name in ("strides", "dilations")}
    for name, numbers in (("kernel", kernel), *given.items()):
        if len(numbers) != rank or min(numbers, default=1) < 1:
            node.refuse(f"has {name} {list(numbers)}; expected {rank} numbers from 1 on")
    pads = node.attribute("pads", [0] * 2 * rank)
    if len(pads) != 2 * rank or min(pads, default=0) < 0:
        node.refuse(f"has pads {list(pads)}; expected {2 * rank} numbers from 0 on")


def halves(total: Sequence[int], automatic: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return padding divided between front and end: the odd one at the end for SAME_UPPER."""
    less = tuple(number // 2 for number in total)
    more = tuple(number - number // 2 for number in total)
    return (less, more) if automatic == "SAME_UPPER" else (more, less)
