"""Import of poolings of feature maps and sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from modelgen.frontends.torch_export.calls import arguments
from modelgen.frontends.torch_export.feature_maps import (
    define_maps,
    padding_pair,
    pair,
    read_maps,
    symmetric,
)
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import AvgPool2d, MaxPool2d, Operator, UnevenAvgPool2d, UnevenMaxPool2d
from modelgen.operators.base import Shape
from modelgen.operators.uneven_pooling import Span
from modelgen.operators.window import Window


def _check_average(to: Translation, call: Any) -> None:
    """Reject the average of integers, which PyTorch rounds."""
    if not call.meta["val"].is_floating_point():
        to.reject(call, "averages integers; only averages of FP32 numbers are supported")


def _max_pool(dimensions: int, *, indices: bool = False) -> Callable[[Translation, Any], None]:
    """Return the function that adds a max-pooling, which may have indices as its second result."""

    def add(to: Translation, call: Any) -> None:
        given = arguments(call)
        source = read_maps(to, call, given["self"], dimensions)
        window = _window(call, to.shape(source), given, dimensions)
        pooled = to.apply(call, MaxPool2d(window), source)
        define_maps(to, call, pooled, dimensions, 0 if indices else None)

    return add


def _avg_pool(dimensions: int) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        _check_average(to, call)
        given = arguments(call)
        padding = padding_pair(given["padding"], dimensions)
        source = read_maps(to, call, given["self"], dimensions)
        window = _window(call, to.shape(source), given, dimensions)
        counts_padding = given["count_include_pad"] or not any(padding)
        # PyTorch divides by the part of the padded map that a window beyond it covers.
        even = counts_padding and window.padding == symmetric(padding)
        if even and given.get("divisor_override") is None:
            operator: Operator = AvgPool2d(window)
        else:
            operator = _uneven_average(window, to.shape(source), padding, given)
        define_maps(to, call, to.apply(call, operator, source), dimensions)

    return add


def _uneven_average(
    window: Window, maps: Shape, padding: tuple[int, int], given: dict[str, Any]
) -> UnevenAvgPool2d:
    """Return an average pooling whose windows do not all have the same divisor.

    Args:
        window: with its padding as far as the last windows reach.
        maps: shape of the maps.
        padding: rows and columns that PyTorch adds on each side.
        given: the call's arguments.
    """
    spans, counts = [], []
    results = window.outputs(*maps[1:3])
    for axis, (size, around) in enumerate(zip(maps[1:3], padding, strict=True)):
        starts = [window.stride[axis] * place - around for place in range(results[axis])]
        ends = [start + window.kernel[axis] for start in starts]
        cut = [(max(a, 0), min(b, size)) for a, b in zip(starts, ends, strict=True)]
        padded = [(a, min(b, size + around)) for a, b in zip(starts, ends, strict=True)]
        spans.append(tuple(cut))
        counts.append(_sizes(padded if given["count_include_pad"] else cut))
    divisor = given.get("divisor_override")
    if divisor is not None:
        counts = [(int(divisor),) * results[0], (1,) * results[1]]
    return UnevenAvgPool2d(spans[0], spans[1], counts[0], counts[1])


def _sizes(spans: Sequence[Span]) -> tuple[int, ...]:
    return tuple(end - begin for begin, end in spans)


def _window(call: Any, maps: Shape, given: dict[str, Any], dimensions: int) -> Window:
    """Return the window of a pooling; its padding ends where the last window does."""
    kernel = pair(given["kernel_size"], dimensions)
    around = padding_pair(given["padding"], dimensions)
    stride = pair(given["stride"] or given["kernel_size"], dimensions)
    dilation = pair(given.get("dilation", 1), dimensions)
    positions = _shape(call)[-dimensions:]

    def after(axis: int) -> int:
        count = positions[axis] if axis < dimensions else 1
        reach = (count - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1
        return max(reach - maps[1 + axis] - around[axis], around[axis])

    return Window(kernel, stride, (around[0], after(0), around[1], after(1)), dilation)


def _shape(call: Any) -> Shape:
    """Return the shape of a call's first result."""
    values = call.meta["val"]
    first = values[0] if isinstance(values, tuple | list) else values
    return tuple(map(int, first.shape))


def _adaptive(dimensions: int, kind: str) -> Callable[[Translation, Any], None]:
    """Return the function that adds an adaptive pooling, "avg" or "max".

    Windows of the same size that do not overlap are those of an ordinary pooling.
    """

    def add(to: Translation, call: Any) -> None:
        if kind == "avg":
            _check_average(to, call)
        source = read_maps(to, call, call.args[0], dimensions)
        sizes = to.shape(source)[1:3]
        results = pair(_shape(call)[-dimensions:], dimensions)
        if any(size % parts for size, parts in zip(sizes, results, strict=True)):
            operator = _uneven(kind, *map(_adaptive_spans, sizes, results))
        else:
            kernel = sizes[0] // results[0], sizes[1] // results[1]
            operator = {"avg": AvgPool2d, "max": MaxPool2d}[kind](Window(kernel, kernel))
        index = 0 if kind == "max" else None
        define_maps(to, call, to.apply(call, operator, source), dimensions, index)

    return add


def _uneven(kind: str, rows: tuple[Span, ...], columns: tuple[Span, ...]) -> Operator:
    if kind == "max":
        return UnevenMaxPool2d(rows, columns)
    return UnevenAvgPool2d(rows, columns, _sizes(rows), _sizes(columns))


def _adaptive_spans(size: int, parts: int) -> tuple[Span, ...]:
    """Return the windows along an axis: each begins and ends in the pixel where its part does."""
    return tuple((i * size // parts, -(-(i + 1) * size // parts)) for i in range(parts))


def add_mean_of_maps(to: Translation, call: Any) -> None:
    """Add the mean over whole feature maps as an average pooling."""
    maps = read_maps(to, call, call.args[0], 2)
    size = to.shape(maps)[1], to.shape(maps)[2]
    pooled = to.apply(call, AvgPool2d(Window(size, size)), maps)
    if arguments(call)["keepdim"]:
        define_maps(to, call, pooled, 2)
    else:
        to.define(call, pooled)


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.max_pool1d.default": _max_pool(1),
    "aten.max_pool2d.default": _max_pool(2),
    "aten.avg_pool1d.default": _avg_pool(1),
    "aten.avg_pool2d.default": _avg_pool(2),
    "aten.max_pool1d_with_indices.default": _max_pool(1, indices=True),
    "aten.max_pool2d_with_indices.default": _max_pool(2, indices=True),
    "aten.adaptive_avg_pool1d.default": _adaptive(1, "avg"),
    "aten.adaptive_avg_pool2d.default": _adaptive(2, "avg"),
    "aten.adaptive_max_pool1d.default": _adaptive(1, "max"),
    "aten.adaptive_max_pool2d.default": _adaptive(2, "max"),
}
"""ATen operator -> the function that adds it."""
