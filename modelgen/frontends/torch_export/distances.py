"""Import of distances and similarities of pairs of vectors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.layouts import Layout
from modelgen.frontends.torch_export.linear import with_last
from modelgen.frontends.torch_export.selection import without
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Binary, Elementwise, Pointwise, Reduce
from modelgen.operators.epilogue import Epilogue


def add_cosine(to: Translation, call: Any) -> None:
    """Add the cosine of the angle between vectors along a dimension."""
    given = arguments(call)
    vectors, layout = _vectors(to, call, int(given["dim"]))
    part = f"{call.name}.length"
    least = Pointwise(Epilogue(low=float(given["eps"])))
    lengths = [
        to.apply(call, least, _length(to, call, tensor, part), name=part) for tensor in vectors
    ]
    product = _sum_of_products(to, call, *vectors)
    both = to.apply(call, Binary("multiply"), *lengths, name=f"{call.name}.lengths")
    to.define(call, to.apply(call, Binary("divide"), product, both), _without_last(layout))


def add_distance(to: Translation, call: Any) -> None:
    """Add the Euclidean distance of vectors along the last dimension."""
    given = arguments(call)
    if given["p"] != 2:
        to.reject(call, f"is a distance of order {given['p']:g}; only 2 is supported")
    (first, second), layout = _vectors(to, call, -1)
    difference = to.apply(call, Binary("subtract"), first, second, name=f"{call.name}.difference")
    offset = to.constant(f"{call.name}.eps", np.full((1, 1), given["eps"]))
    moved = to.apply(call, Binary("add"), difference, offset, name=f"{call.name}.moved")
    to.define(call, _length(to, call, moved), layout if given["keepdim"] else _without_last(layout))


def _vectors(to: Translation, call: Any, axis: int) -> tuple[list[str], Layout]:
    """Return both operands, as rows along a dimension, and a layout in which it is last."""
    given = arguments(call)
    sources = given["x1"], given["x2"]
    shape = shape_of(sources[0])
    if shape_of(sources[1]) != shape:
        to.reject(call, "compares tensors of different shapes")
    axis %= len(shape)
    layout = with_last(to.layout(sources[0]), axis)
    rows = math.prod(shape) // shape[axis], shape[axis]
    tensors = [to.reshaped(call, to.form(call, source, layout), rows) for source in sources]
    return tensors, layout


def _without_last(layout: Layout) -> Layout:
    return without(layout, layout[-1])


def _sum_of_products(to: Translation, call: Any, first: str, second: str) -> str:
    """Return the sum of the products of each row."""
    product = to.apply(call, Binary("multiply"), first, second, name=f"{call.name}.products")
    sizes = (*to.shape(product), 1)
    return to.apply(call, Reduce("sum"), to.reshaped(call, product, sizes), name=f"{call.name}.sum")


def _length(to: Translation, call: Any, tensor: str, name: str | None = None) -> str:
    """Return the Euclidean length of each row."""
    squares = _sum_of_products(to, call, tensor, tensor)
    return to.apply(call, Elementwise("sqrt"), squares, name=name)


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.cosine_similarity.default": add_cosine,
    "aten.pairwise_distance.default": add_distance,
}
"""ATen operator -> the function that adds it."""
