"""Import of poolings of feature maps and sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.feature_maps import (
    define_maps,
    padding_pair,
    pair,
    read_maps,
    symmetric,
)
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import AvgPool2d, MaxPool2d
from modelgen.operators.base import Shape
from modelgen.operators.window import Window


def _max_pool(dimensions: int) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        given = arguments(call)
        if pair(given["dilation"], dimensions) != (1, 1):
            to.reject(call, "has a dilation, which is not supported for pooling")
        source = read_maps(to, call, given["self"], dimensions)
        window = _window(call, to.shape(source), given, dimensions)
        define_maps(to, call, to.apply(call, MaxPool2d(window), source), dimensions)

    return add


def _avg_pool(dimensions: int) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        given = arguments(call)
        padding = padding_pair(given["padding"], dimensions)
        if given.get("divisor_override") is not None or (
            any(padding) and not given["count_include_pad"]
        ):
            to.reject(call, "must divide by the size of its kernel (count_include_pad=True)")
        source = read_maps(to, call, given["self"], dimensions)
        window = _window(call, to.shape(source), given, dimensions)
        if window.padding != symmetric(padding):
            # PyTorch divides by the part of the map that such a window covers, not by its size.
            to.reject(call, "has windows that extend beyond the map (ceil_mode=True)")
        define_maps(to, call, to.apply(call, AvgPool2d(window), source), dimensions)

    return add


def _window(call: Any, maps: Shape, given: dict[str, Any], dimensions: int) -> Window:
    """Return the window of a pooling; its padding ends where the last window does."""
    kernel = pair(given["kernel_size"], dimensions)
    around = padding_pair(given["padding"], dimensions)
    stride = pair(given["stride"] or given["kernel_size"], dimensions)
    positions = shape_of(call)[-dimensions:]

    def after(axis: int) -> int:
        count = positions[axis] if axis < dimensions else 1
        reach = (count - 1) * stride[axis] + kernel[axis]
        return max(reach - maps[1 + axis] - around[axis], around[axis])

    return Window(kernel, stride, (around[0], after(0), around[1], after(1)))


def _adaptive_avg_pool(dimensions: int) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        source = read_maps(to, call, call.args[0], dimensions)
        sizes = to.shape(source)[1:3]
        results = pair(shape_of(call)[-dimensions:], dimensions)
        if any(size % parts for size, parts in zip(sizes, results, strict=True)):
            shapes = (shape_of(call.args[0]), shape_of(call))
            text = " to ".join("x".join(map(str, shape[-dimensions:])) for shape in shapes)
            to.reject(call, f"pools {text}; the output size must divide the input size")
        kernel = sizes[0] // results[0], sizes[1] // results[1]
        define_maps(to, call, to.apply(call, AvgPool2d(Window(kernel, kernel)), source), dimensions)

    return add


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
    "aten.adaptive_avg_pool1d.default": _adaptive_avg_pool(1),
    "aten.adaptive_avg_pool2d.default": _adaptive_avg_pool(2),
}
"""ATen operator -> the function that adds it."""
