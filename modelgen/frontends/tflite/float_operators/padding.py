"""Padding, with a number or with values of the tensor."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.padding import from_inside
from modelgen.frontends.nodes.windows import surrounded
from modelgen.frontends.tflite.float_operators.maps import channels_first, channels_last

_MODES = {0: "reflect", 1: "symmetric"}


def _around(
    node: FileNode, x: Tensor, pad: Callable[[Tensor, list[int], list[int]], Tensor]
) -> Tensor:
    """Return a padded tensor; feature maps are padded in PyTorch's order."""
    sides = node.array(1, "padding")
    if sides.shape != (x.dim(), 2) or sides.min(initial=0) < 0:
        node.refuse(f"adds {sides.tolist()} to {x.dim()} dimensions")
    before, after = ([int(number) for number in side] for side in sides.T)
    if x.dim() != 4:
        return pad(x, before, after)
    first, last = ([side[0], side[3], *side[1:3]] for side in (before, after))
    return channels_last(pad(channels_first(node, x), first, last))


def constant(node: FileNode, x: Tensor, sides: Tensor, value: Tensor | None = None) -> Tensor:
    """Return a tensor with a number around it."""
    number = node.number(2, "value") if node.has(2) else 0.0
    return _around(node, x, lambda values, first, last: surrounded(values, first, last, number))


def mirrored(node: FileNode, x: Tensor, sides: Tensor) -> Tensor:
    """Return a tensor with its own values around it, in reverse order."""
    if node.attribute("Mode") not in _MODES:
        node.refuse(f"has the unknown mode {node.attribute('Mode')}")
    symmetric = node.attribute("Mode")
    limits = zip(node.array(1, "padding"), x.shape, strict=False)
    if any(max(pair) > size - 1 + symmetric for pair, size in limits):
        node.refuse(f"mirrors more than all elements of {list(x.shape)}")
    mode = _MODES[symmetric]
    return _around(node, x, lambda values, first, last: from_inside(values, first, last, mode))


OPERATORS: dict[str, Function] = {
    "MIRROR_PAD": mirrored,
    "PAD": constant,
    "PADV2": constant,
}
"""Operator of a file -> its function."""
