"""Import of sums, means, products, extrema, variances and norms over dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.calls import arguments, layer_name, shape_of
from modelgen.frontends.torch_export.layouts import Layout, laid_out
from modelgen.frontends.torch_export.linear import with_last
from modelgen.frontends.torch_export.pooling import add_mean_of_maps
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Argmax, Binary, Elementwise, Pointwise, Reduce


def reduced_axes(call: Any) -> list[int]:
    """Return the dimensions that a call reduces, in ascending order: all if it names none."""
    rank = len(shape_of(call.args[0]))
    given = arguments(call).get("dim")
    named = [given] if isinstance(given, int) else given
    return sorted({axis % rank for axis in named}) if named else list(range(rank))


def layout_for(layout: Layout, axes: Sequence[int], shape: Sequence[int]) -> Layout:
    """Return a layout with dimensions side by side: as it is, or with these last.

    Args:
        layout: of the value.
        axes: dimensions to be reduced.
        shape: of the value in PyTorch.
    """
    larger = [axis for axis in layout if shape[axis] > 1]
    places = [place for place, axis in enumerate(larger) if axis in axes]
    if not places or places[-1] - places[0] == len(places) - 1:
        return layout
    return (*(axis for axis in layout if axis not in axes), *axes)


def sizes_for(layout: Layout, axes: Sequence[int], shape: Sequence[int]) -> tuple[int, int, int]:
    """Return outer, middle and inner size of dimensions that are side by side in a layout."""
    places = [place for place, axis in enumerate(layout) if axis in axes and shape[axis] > 1]
    if not places:
        return math.prod(shape), 1, 1
    sizes = laid_out(tuple(shape), layout)
    first, end = places[0], places[-1] + 1
    return math.prod(sizes[:first]), math.prod(sizes[first:end]), math.prod(sizes[end:])


def _reduction(kind: str) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        axes = reduced_axes(call)
        layout, reduced = _reduce(to, call, call.args[0], kind, axes)
        _define(to, call, reduced, layout, axes)

    return add


def _of_mask(kind: str) -> Callable[[Translation, Any], None]:
    """Return what adds whether any, or all, elements of a mask are set."""
    reduce = _reduction(kind)

    def add(to: Translation, call: Any) -> None:
        if str(call.args[0].meta["val"].dtype) != "torch.bool":
            to.reject(call, "expects a mask: the result of a comparison")
        reduce(to, call)

    return add


def _reduce(
    to: Translation, call: Any, source: Any, kind: str, axes: Sequence[int], name: str | None = None
) -> tuple[Layout, str]:
    """Add a reduction; return the layout of the input, and the result as (outer, inner)."""
    shape = shape_of(source)
    layout = layout_for(to.layout(source), axes, shape)
    sizes = sizes_for(layout, axes, shape)
    tensor = to.reshaped(call, to.form(call, source, layout), sizes)
    return layout, to.apply(call, Reduce(kind), tensor, name=name)


def _define(
    to: Translation,
    call: Any,
    tensor: str,
    layout: Layout,
    axes: Sequence[int],
    index: int | None = None,
) -> None:
    """Record the result of a reduction of an input that has a layout."""
    values = call.meta["val"] if index is None else call.meta["val"][index]
    if values.dim() < len(layout):
        kept = [axis for axis in layout if axis not in axes]
        layout = tuple(sorted(kept).index(axis) for axis in kept)
    to.define(call, tensor, layout, index)


def add_mean(to: Translation, call: Any) -> None:
    """Add a mean: that of whole feature maps is an average pooling."""
    source = call.args[0]
    if len(shape_of(source)) == 4 and reduced_axes(call) == [2, 3]:
        add_mean_of_maps(to, call)
    else:
        _reduction("mean")(to, call)


def _extremum(kind: str) -> Callable[[Translation, Any], None]:
    """Return what adds an extremum along a dimension, and its index."""

    def add(to: Translation, call: Any) -> None:
        axes = reduced_axes(call)
        layout, reduced = _reduce(to, call, call.args[0], kind, axes)
        _define(to, call, reduced, layout, axes, index=0)
        _add_index(to, call, axes[0], smallest=kind == "minimum", index=1)

    return add


def add_argmin(to: Translation, call: Any) -> None:
    """Add the index of the smallest value along a dimension."""
    axis = arguments(call)["dim"]
    if axis is None:
        to.reject(call, "must name a dimension")
    _add_index(to, call, axis % len(shape_of(call.args[0])), smallest=True, index=None)


def _add_index(to: Translation, call: Any, axis: int, *, smallest: bool, index: int | None) -> None:
    """Add the index of the largest or smallest value along a dimension, the call's result."""
    source = call.args[0]
    layout = with_last(to.layout(source), axis)
    tensor = to.read(call, source, layout)
    if smallest:
        size = to.shape(tensor)[-1]
        scale, bias = np.full(size, -1.0, np.float32), np.zeros(size, np.float32)
        roles = to.add_roles(call, scale=scale, bias=bias)
        tensor = to.apply(call, Pointwise(), tensor, name=f"{call.name}.negated", roles=roles)
    result = to.apply(call, Argmax(), tensor)
    _define(to, call, result, layout, [axis], index)


def add_variance(to: Translation, call: Any) -> None:
    """Add a variance."""
    layout, variance = _variance(to, call, layer_name(call))
    _define(to, call, variance, layout, reduced_axes(call))


def add_deviation(to: Translation, call: Any) -> None:
    """Add a standard deviation: the root of the variance."""
    layout, variance = _variance(to, call, f"{call.name}.variance")
    deviation = to.apply(call, Elementwise("sqrt"), variance)
    _define(to, call, deviation, layout, reduced_axes(call))


def _variance(to: Translation, call: Any, name: str) -> tuple[Layout, str]:
    """Add the mean of the squares of x - mean; return the input's layout, and the result."""
    axes = reduced_axes(call)
    layout, mean = _reduce(to, call, call.args[0], "mean", axes, f"{call.name}.mean")
    outer, middle, inner = sizes = sizes_for(layout, axes, shape_of(call.args[0]))
    values = to.reshaped(call, to.form(call, call.args[0], layout), sizes)
    means = to.reshaped(call, mean, (outer, 1, inner))
    difference = to.apply(call, Binary("subtract"), values, means, name=f"{call.name}.centered")
    squares = _squares(to, call, difference)
    correction = _correction(call)
    if correction == 0:
        return layout, to.apply(call, Reduce("mean"), squares, name=name)
    if correction >= middle:
        to.reject(call, f"has no more values than its correction, {correction:g}")
    total = to.apply(call, Reduce("sum"), squares, name=f"{call.name}.sum")
    scale = np.full(inner, 1.0 / (middle - correction), np.float32)
    roles = to.add_roles(call, scale=scale, bias=np.zeros(inner, np.float32))
    return layout, to.apply(call, Pointwise(), total, name=name, roles=roles)


def _squares(to: Translation, call: Any, tensor: str) -> str:
    return to.apply(call, Binary("multiply"), tensor, tensor, name=f"{call.name}.squares")


def _correction(call: Any) -> float:
    """Return what a variance subtracts from the number of values that it divides by."""
    given = arguments(call)
    correction = given.get("correction", 1 if given.get("unbiased", True) else 0)
    return 1.0 if correction is None else float(correction)


def add_norm(to: Translation, call: Any) -> None:
    """Add a Euclidean norm: the root of the sum of the squares."""
    given = arguments(call)
    if given["ord"] != 2:
        to.reject(call, f"is a norm of order {given['ord']:g}; only 2 is supported")
    axes, shape = reduced_axes(call), shape_of(call.args[0])
    layout = layout_for(to.layout(call.args[0]), axes, shape)
    values = to.form(call, call.args[0], layout)
    squares = _squares(to, call, to.reshaped(call, values, sizes_for(layout, axes, shape)))
    total = to.apply(call, Reduce("sum"), squares, name=f"{call.name}.sum")
    _define(to, call, to.apply(call, Elementwise("sqrt"), total), layout, axes)


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.mean.dim": add_mean,
    "aten.mean.default": add_mean,
    "aten.sum.default": _reduction("sum"),
    "aten.sum.dim_IntList": _reduction("sum"),
    "aten.prod.default": _reduction("product"),
    "aten.prod.dim_int": _reduction("product"),
    "aten.amax.default": _reduction("maximum"),
    "aten.amin.default": _reduction("minimum"),
    "aten.max.default": _reduction("maximum"),
    "aten.min.default": _reduction("minimum"),
    "aten.var.dim": add_variance,
    "aten.var.default": add_variance,
    "aten.var.correction": add_variance,
    "aten.std.dim": add_deviation,
    "aten.std.default": add_deviation,
    "aten.std.correction": add_deviation,
    "aten.linalg_vector_norm.default": add_norm,
    **{f"aten.any.{form}": _of_mask("maximum") for form in ("default", "dim", "dims")},
    **{f"aten.all.{form}": _of_mask("minimum") for form in ("default", "dim", "dims")},
    "aten.argmin.default": add_argmin,
    "aten.max.dim": _extremum("maximum"),
    "aten.min.dim": _extremum("minimum"),
}
"""ATen operator -> the function that adds it."""
