"""Import of operators that join tensors: concatenation and stacks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.layouts import Layout, laid_out
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Concatenate


def add_concatenation(to: Translation, call: Any) -> None:
    """Add a concatenation along any dimension."""
    given = arguments(call)
    rank = len(shape_of(call))
    # PyTorch ignores empty one-dimensional tensors, whatever the rank of the others.
    sources = [source for source in given["tensors"] if shape_of(source) != (0,)]
    _join(to, call, sources, int(given["dim"]) % max(rank, 1))


def _join(to: Translation, call: Any, sources: Sequence[Any], axis: int) -> None:
    layout = _layout(to, sources)
    tensors = [to.read(call, source, layout) for source in sources]
    to.define(call, _joined(to, call, tensors, layout.index(axis)), layout)


def _layout(to: Translation, sources: Sequence[Any]) -> Layout:
    """Return the layout of the first tensor that is not a constant, which has any."""
    return to.layout(next(source for source in sources if source not in to.constants))


def _joined(to: Translation, call: Any, tensors: Sequence[str], place: int) -> str:
    """Return the concatenation of tensors along a dimension of the device.

    Rows that begin with this dimension are as long as all dimensions from it on together. A tensor
    of this dimension alone is one row.
    """
    shapes = [to.shape(tensor) for tensor in tensors]
    if 0 < place == len(shapes[0]) - 1:
        return to.apply(call, Concatenate(), *tensors)
    rows = [
        to.reshaped(call, tensor, (math.prod(shape[:place]), math.prod(shape[place:])))
        for tensor, shape in zip(tensors, shapes, strict=True)
    ]
    return to.apply(call, Concatenate(), *rows)


def add_stack(to: Translation, call: Any) -> None:
    """Add a concatenation along a new dimension."""
    given = arguments(call)
    sources = given["tensors"]
    axis = int(given["dim"]) % len(shape_of(call))
    inner = _layout(to, sources)
    layout = _with(inner, axis)
    shape = tuple(1 if place == axis else size for place, size in enumerate(shape_of(call)))
    tensors = [
        to.reshaped(call, to.read(call, source, inner), laid_out(shape, layout))
        for source in sources
    ]
    to.define(call, _joined(to, call, tensors, layout.index(axis)), layout)


def _with(layout: Layout, axis: int) -> Layout:
    """Return a layout with a new dimension, before the one that follows it in PyTorch."""
    moved = [other + (other >= axis) for other in layout]
    following = moved.index(axis + 1) if axis + 1 in moved else len(moved)
    return (*moved[:following], axis, *moved[following:])


def _along(axis: int, rank_one: int) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        sources = arguments(call)["tensors"]
        flat = len(shape_of(sources[0])) == 1
        _join(to, call, sources, rank_one if flat else axis)

    return add


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.cat.default": add_concatenation,
    "aten.concat.default": add_concatenation,
    "aten.concatenate.default": add_concatenation,
    "aten.stack.default": add_stack,
    "aten.hstack.default": _along(1, 0),
}
"""ATen operator -> the function that adds it."""
