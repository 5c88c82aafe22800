"""Import of operators that choose elements along some dimensions: slices, indices, reversals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.layouts import Layout, for_reshape, laid_out
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
    _choose(to, call, {_axis(call): arguments(call)["index"]})


def add_index(to: Translation, call: Any) -> None:
    """Add the choice of constant indices, as in `x[:, [2, 0]]` or `x[:, rows, columns]`."""
    indices = arguments(call)["indices"]
    _choose(to, call, {axis: index for axis, index in enumerate(indices) if index is not None})


def _choose(to: Translation, call: Any, indices: Mapping[int, Any]) -> None:
    """Add the choice of indices, which are broadcast against each other, of some dimensions."""
    source = call.args[0]
    shape, axes = shape_of(source), sorted(indices)
    first, end = axes[0], axes[-1] + 1
    if end - first != len(axes):
        to.reject(call, "must choose along dimensions side by side")
    found = np.broadcast_arrays(*(_constant(to, call, indices[axis], axis) for axis in axes))
    flat = np.ravel_multi_index(found, shape[first:end])
    if flat.size == 0:
        to.reject(call, "gives a tensor without elements")
    merged = (*shape[:first], math.prod(shape[first:end]), *shape[end:])
    needed, layout = for_reshape(shape, merged, to.layout(source))
    tensor = to.reshaped(call, to.form(call, source, needed), laid_out(merged, layout))
    chosen = tuple(flat.reshape(-1).tolist())
    tensor = to.apply(call, Take((layout.index(first),), (chosen,), "index select"), tensor)
    to.define(call, tensor, _with_several(layout, first, flat.ndim))


def _constant(to: Translation, call: Any, index: Any, axis: int) -> np.ndarray:
    """Return constant indices of a dimension of the first argument, negative ones from its end."""
    size = shape_of(call.args[0])[axis]
    if index not in to.constants:
        to.reject(call, "has indices that depend on the model's input; they must be constant")
    if "int" not in str(index.meta["val"].dtype):
        to.reject(call, "must choose by integers")
    return to.constants.array(index).astype(np.int64) % size


def _with_several(layout: Layout, axis: int, count: int) -> Layout:
    """Return the layout of a tensor of which one dimension becomes several, or none."""
    moved = (
        tuple(range(axis, axis + count))
        if other == axis
        else (other + (other > axis) * (count - 1),)
        for other in layout
    )
    return tuple(new for group in moved for new in group)


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
    chosen = {axis: _rotated(shape[axis], shift) for axis, shift in shifts.items()}
    to.define(call, taken(to, call, source, chosen, "roll"), to.layout(source))


def _rotated(size: int, shift: int) -> tuple[int, ...]:
    return tuple((index - shift) % size for index in range(size))


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
}
"""ATen operator -> the function that adds it."""
