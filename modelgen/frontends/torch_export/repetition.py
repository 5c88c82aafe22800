"""Import of operators that repeat values: expansion, repetition, tiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.layouts import laid_out, padded
from modelgen.frontends.torch_export.selection import taken
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Expand, Take


def add_expansion(to: Translation, call: Any) -> None:
    """Add a repetition of dimensions of size 1, or of new ones in front."""
    source, shape = call.args[0], shape_of(call)
    own = to.layout(source)
    layout = padded(own, len(shape))
    added = (1,) * (len(shape) - len(own))
    before = laid_out((*added, *shape_of(source)), layout)
    tensor = to.reshaped(call, to.read(call, source, own), before)
    if before != laid_out(shape, layout):
        tensor = to.apply(call, Expand(laid_out(shape, layout)), tensor)
    to.define(call, tensor, layout)


def add_repetition(to: Translation, call: Any) -> None:
    """Add a repetition of the whole tensor along its dimensions, and along new ones in front."""
    given, source = arguments(call), call.args[0]
    counts = list(map(int, given["repeats"] if "repeats" in given else given["dims"]))
    own = to.layout(source)
    rank = max(len(counts), len(own))
    counts = [1] * (rank - len(counts)) + counts
    layout = padded(own, rank)
    shape = (*[1] * (rank - len(own)), *shape_of(source))
    tensor = to.reshaped(call, to.read(call, source, own), laid_out(shape, layout))
    chosen = [
        (place, tuple(range(shape[axis])) * counts[axis])
        for place, axis in enumerate(layout)
        if counts[axis] != 1
    ]
    if chosen:
        axes, indices = zip(*chosen, strict=True)
        tensor = to.apply(call, Take(axes, indices, "repeat"), tensor)
    to.define(call, tensor, layout)


def add_interleaving(to: Translation, call: Any) -> None:
    """Add a repetition of each element of a dimension, or of all in PyTorch's order."""
    given, source = arguments(call), call.args[0]
    shape, axis = shape_of(source), given["dim"]
    if axis is None:
        flat = to.reshaped(call, to.read(call, source), (int(np.prod(shape)),))
        repeat = Take((0,), (_each(to.shape(flat)[0], given["repeats"]),), "repeat interleave")
        to.define(call, to.apply(call, repeat, flat))
        return
    axis = int(axis) % len(shape)
    chosen: dict[int, Sequence[int]] = {axis: _each(shape[axis], given["repeats"])}
    to.define(call, taken(to, call, source, chosen, "repeat interleave"), to.layout(source))


def _each(size: int, count: int) -> tuple[int, ...]:
    return tuple(index for index in range(size) for _ in range(int(count)))


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.expand.default": add_expansion,
    "aten.expand_as.default": add_expansion,
    "aten.broadcast_to.default": add_expansion,
    "aten.repeat.default": add_repetition,
    "aten.tile.default": add_repetition,
    "aten.repeat_interleave.self_int": add_interleaving,
}
"""ATen operator -> the function that adds it."""
