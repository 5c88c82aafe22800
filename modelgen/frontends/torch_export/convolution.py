"""Import of convolutions over feature maps and sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.calls import arguments
from modelgen.frontends.torch_export.feature_maps import (
    define_maps,
    padding_pair,
    pair,
    read_maps,
    symmetric,
)
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Conv2d, ConvTranspose2d
from modelgen.operators.window import Window


def _convolution(dimensions: int) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        given = arguments(call)
        weight = to.value(call, given["weight"])
        if weight.size == 0:
            to.reject(call, "has no weights: one of its sizes is zero")
        kernel = pair(weight.shape[2:], dimensions)
        dilation = pair(given["dilation"], dimensions)
        padding = _padding(given["padding"], kernel, dilation, dimensions)
        window = Window(kernel, pair(given["stride"], dimensions), padding, dilation)
        roles = to.parameters(call, {"bias": given["bias"]})

        def arrange(array: np.ndarray) -> np.ndarray:
            return array.reshape(*weight.shape[:2], *kernel).transpose(0, 2, 3, 1)

        roles |= to.add_roles(call, weight=np.ascontiguousarray(arrange(weight)))
        roles |= to.add_integers(call, "weight", given["weight"], arrange)
        roles |= to.add_integers(call, "bias", given["bias"])
        source = read_maps(to, call, given["input"], dimensions)
        result = to.apply(call, Conv2d(window, int(given["groups"])), source, roles=roles)
        define_maps(to, call, result, dimensions)

    return add


def _transposed(dimensions: int) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        given = arguments(call)
        groups = int(given["groups"])
        weight = to.value(call, given["weight"])
        if weight.size == 0:
            to.reject(call, "has no weights: one of its sizes is zero")
        inputs, outputs, *kernel = weight.shape
        kernels = weight.reshape(groups, inputs // groups, outputs, *pair(kernel, dimensions))
        shaped = kernels.transpose(0, 2, 3, 4, 1)
        roles = to.parameters(call, {"bias": given["bias"]})
        roles |= to.add_roles(
            call, weight=np.ascontiguousarray(shaped.reshape(-1, *shaped.shape[2:]))
        )
        operator = ConvTranspose2d(
            pair(given["stride"], dimensions),
            padding_pair(given["padding"], dimensions),
            padding_pair(given["output_padding"], dimensions),
            pair(given["dilation"], dimensions),
            groups,
        )
        source = read_maps(to, call, given["input"], dimensions)
        define_maps(to, call, to.apply(call, operator, source, roles=roles), dimensions)

    return add


def _padding(
    padding: Any, kernel: tuple[int, int], dilation: tuple[int, int], dimensions: int
) -> tuple[int, int, int, int]:
    """Return top, bottom, left, right; `padding` may be "same" or "valid"."""
    if padding == "valid":
        return 0, 0, 0, 0
    if padding == "same":
        rows, columns = ((k - 1) * d for k, d in zip(kernel, dilation, strict=True))
        return rows // 2, rows - rows // 2, columns // 2, columns - columns // 2
    return symmetric(padding_pair(padding, dimensions))


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.conv1d.default": _convolution(1),
    "aten.conv1d.padding": _convolution(1),
    "aten.conv2d.default": _convolution(2),
    "aten.conv2d.padding": _convolution(2),
    "aten.conv_transpose1d.default": _transposed(1),
    "aten.conv_transpose2d.input": _transposed(2),
}
"""ATen operator -> the function that adds it."""
