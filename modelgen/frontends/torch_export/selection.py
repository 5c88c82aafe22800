"""Import of operators that choose elements along some dimensions: slices, indices, reversals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.layouts import Layout
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Slice, Take

Range = tuple[int, int, int]
"""First index, number of elements, and step along a dimension."""


def sliced(to: Translation, call: Any, source: Any, ranges: Mapping[int, Range]) -> str:
    """Return the tensor of a slice, in the layout of what is sliced.

    Args:
        to: the translation.
        call: the call that needs it.
        source: a value.
        ranges: of some dimensions, in PyTorch's order; the others stay whole.
    """
    layout = to.layout(source)
    tensor = to.read(call, source, layout)
    shape = shape_of(source)
    whole = [ranges.get(axis, (0, shape[axis], 1)) for axis in layout]
    if any(size == 0 for _, size, _ in whole):
        to.reject(call, "gives a tensor without elements")
    starts, sizes, steps = zip(*whole, strict=True)
    return to.apply(call, Slice(starts, sizes, steps), tensor)


def taken(
    to: Translation, call: Any, source: Any, chosen: Mapping[int, Sequence[int]], title: str
) -> str:
    """Return the tensor of chosen indices, in the layout of what they are chosen from.

    Args:
        to: the translation.
        call: the call that needs it.
        source: a value.
        chosen: indices of some dimensions, in PyTorch's order, none of them negative.
        title: what this does, for reports.
    """
    layout = to.layout(source)
    axes = tuple(place for place, axis in enumerate(layout) if axis in chosen)
    indices = tuple(tuple(map(int, chosen[layout[place]])) for place in axes)
    if any(not own for own in indices):
        to.reject(call, "gives a tensor without elements")
    return to.apply(call, Take(axes, indices, title), to.read(call, source, layout))


def without(layout: Layout, axis: int) -> Layout:
    """Return the layout of a tensor without one of its dimensions."""
    return tuple(other - (other > axis) for other in layout if other != axis)


def _axis(call: Any, name: str = "dim") -> int:
    return int(arguments(call)[name]) % len(shape_of(call.args[0]))


def add_slice(to: Translation, call: Any) -> None:
    """Add a slice along one dimension."""
    given, source = arguments(call), call.args[0]
    axis = _axis(call)
    span = range(shape_of(source)[axis])[given["start"] : given["end"] : given["step"]]
    range_of = {axis: (span.start, len(span), span.step)}
    to.define(call, sliced(to, call, source, range_of), to.layout(source))


def add_narrow(to: Translation, call: Any) -> None:
    """Add a slice of a given length."""
    given, source = arguments(call), call.args[0]
    axis = _axis(call)
    start = int(given["start"]) % shape_of(source)[axis]
    tensor = sliced(to, call, source, {axis: (start, int(given["length"]), 1)})
    to.define(call, tensor, to.layout(source))


def add_select(to: Translation, call: Any) -> None:
    """Add the choice of one index of a dimension, which goes."""
    source, axis = call.args[0], _axis(call)
    index = int(arguments(call)["index"]) % shape_of(source)[axis]
    tensor = sliced(to, call, source, {axis: (index, 1, 1)})
    to.define(call, tensor, without(to.layout(source), axis))


def add_unbind(to: Translation, call: Any) -> None:
    """Add the choice of each index of a dimension, which goes."""
    source, axis = call.args[0], _axis(call)
    for index in range(shape_of(source)[axis]):
        tensor = sliced(to, call, source, {axis: (index, 1, 1)})
        to.define(call, tensor, without(to.layout(source), axis), index)


def add_split(to: Translation, call: Any) -> None:
    """Add a division along a dimension into parts."""
    source, axis = call.args[0], _axis(call)
    sizes = [int(part.shape[axis]) for part in call.meta["val"]]
    for index, (start, size) in enumerate(zip(accumulate([0, *sizes]), sizes, strict=False)):
        tensor = sliced(to, call, source, {axis: (start, size, 1)})
        to.define(call, tensor, to.layout(source), index)


def add_index_select(to: Translation, call: Any) -> None:
    """Add the choice of constant indices of a dimension."""
    axis = _axis(call)
    _take(to, call, {axis: _constant(to, call, arguments(call)["index"], axis)}, "index select")


def _constant(to: Translation, call: Any, index: Any, axis: int) -> list[int]:
    """Return constant indices of a dimension of the first argument, negative ones from its end."""
    size = shape_of(call.args[0])[axis]
    if index not in to.constants:
        to.reject(call, "has indices that depend on the model's input; they must be constant")
    kind = str(index.meta["val"].dtype)
    values = to.constants.array(index)
    if values.ndim != 1 or "int" not in kind:
        to.reject(call, "must choose by a one-dimensional tensor of integers")
    return [int(value) % size for value in values]


def _take(to: Translation, call: Any, chosen: dict[int, list[int]], title: str) -> None:
    source = call.args[0]
    to.define(call, taken(to, call, source, chosen, title), to.layout(source))


def add_index(to: Translation, call: Any) -> None:
    """Add the choice of constant indices of one dimension, as in `x[:, [2, 0]]`."""
    indices = arguments(call)["indices"]
    axes = [axis for axis, index in enumerate(indices) if index is not None]
    if len(axes) != 1:
        to.reject(call, "must choose along one dimension at a time")
    _take(to, call, {axes[0]: _constant(to, call, indices[axes[0]], axes[0])}, "index select")


def add_flip(to: Translation, call: Any) -> None:
    """Add a reversal of some dimensions."""
    shape = shape_of(call)
    _flip(to, call, [int(axis) % len(shape) for axis in arguments(call)["dims"]])


def _flip(to: Translation, call: Any, axes: Sequence[int]) -> None:
    source, shape = call.args[0], shape_of(call)
    ranges = {axis: (shape[axis] - 1, shape[axis], -1) for axis in axes}
    to.define(call, sliced(to, call, source, ranges), to.layout(source))


def _flip_of(axis: int) -> Callable[[Translation, Any], None]:
    return lambda to, call: _flip(to, call, [axis])


def add_roll(to: Translation, call: Any) -> None:
    """Add a rotation of some dimensions, or of all values in PyTorch's order."""
    given, source = arguments(call), call.args[0]
    shape = shape_of(source)
    if not given["dims"]:
        flat = to.reshaped(call, to.read(call, source), (int(np.prod(shape)),))
        (size,) = to.shape(flat)
        turned = Take((0,), (_rotated(size, given["shifts"][0]),), "roll")
        to.define(call, to.apply(call, turned, flat))
        return
    shifts: dict[int, int] = {}
    for axis, shift in zip(given["dims"], given["shifts"], strict=True):
        shifts[axis % len(shape)] = shifts.get(axis % len(shape), 0) + int(shift)
    _take(
        to,
        call,
        {axis: list(_rotated(shape[axis], shift)) for axis, shift in shifts.items()},
        "roll",
    )


def _rotated(size: int, shift: int) -> tuple[int, ...]:
    return tuple((index - shift) % size for index in range(size))


def add_unfold(to: Translation, call: Any) -> None:
    """Add windows of a dimension, which become a new last dimension."""
    given, source = arguments(call), call.args[0]
    axis = _axis(call, "dimension")
    size, step, count = int(given["size"]), int(given["step"]), shape_of(call)[axis]
    indices = [window * step + element for window in range(count) for element in range(size)]
    tensor = taken(to, call, source, {axis: indices}, "unfold")
    before, rank = to.layout(source), len(shape_of(source))
    # The elements of a window follow each other.
    layout = tuple(new for old in before for new in ((axis, rank) if old == axis else (old,)))
    to.define(call, tensor, layout)


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.slice.Tensor": add_slice,
    "aten.narrow.default": add_narrow,
    "aten.select.int": add_select,
    "aten.unbind.int": add_unbind,
    "aten.split.Tensor": add_split,
    "aten.split.sizes": add_split,
    "aten.split_with_sizes.default": add_split,
    "aten.chunk.default": add_split,
    "aten.tensor_split.sections": add_split,
    "aten.tensor_split.indices": add_split,
    "aten.index_select.default": add_index_select,
    "aten.index.Tensor": add_index,
    "aten.flip.default": add_flip,
    "aten.flipud.default": _flip_of(0),
    "aten.fliplr.default": _flip_of(1),
    "aten.roll.default": add_roll,
    "aten.unfold.default": add_unfold,
}
"""ATen operator -> the function that adds it."""
