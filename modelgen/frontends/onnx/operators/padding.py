"""Padding, in all its modes."""

from __future__ import annotations

from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.padding import from_inside
from modelgen.frontends.nodes.windows import surrounded

_MODES = ("reflect", "edge", "wrap")


def pad(
    node: FileNode, x: Tensor, pads: Tensor, value: Tensor | None = None, axes: Tensor | None = None
) -> Tensor:
    """Return a tensor with values around it; negative numbers cut off values."""
    numbers = node.ints(1, "padding")
    named = list(range(x.dim()))
    if node.has(3):
        named = [node.axis(axis, x.dim()) for axis in node.ints(3, "list of axes")]
    if len(numbers) != 2 * len(named):
        node.refuse(f"has {len(numbers)} numbers of padding for {len(named)} dimensions")
    before, after = [0] * x.dim(), [0] * x.dim()
    for axis, first, last in zip(named, numbers, numbers[len(named) :], strict=False):
        before[axis], after[axis] = max(first, 0), max(last, 0)
        begin = max(-first, 0)
        x = x.narrow(axis, begin, x.shape[axis] - begin - max(-last, 0))
    mode = node.attribute("mode", "constant")
    if mode == "constant":
        return surrounded(x, before, after, node.number(2, "value") if node.has(2) else 0.0)
    if mode not in _MODES:
        node.refuse(f"has the mode '{mode}'; valid choices: constant, edge, reflect, wrap")
    return from_inside(x, before, after, mode)


OPERATORS: dict[str, Function] = {"Pad": pad}
"""Operator type -> its function."""
