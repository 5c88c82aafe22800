"""Import of normalizations with the mean and variance of their input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.arithmetic import add_running_norm
from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.layouts import Layout, channels_last, identity
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Normalize
from modelgen.operators.base import Shape

_FP32_EPSILON = float(np.finfo(np.float32).eps)
"""What `rms_norm` adds if no epsilon is given."""


def add_layer_norm(to: Translation, call: Any) -> None:
    """Add a layer norm over the last dimensions."""
    _normalize_last(to, call, Normalize(1, float(arguments(call)["eps"])))


def add_rms_norm(to: Translation, call: Any) -> None:
    """Add an RMS norm over the last dimensions."""
    given = arguments(call)["eps"]
    epsilon = _FP32_EPSILON if given is None else float(given)
    _normalize_last(to, call, Normalize(1, epsilon, centered=False))


def _normalize_last(to: Translation, call: Any, operator: Normalize) -> None:
    given = arguments(call)
    shape = shape_of(given["input"])
    count = len(given["normalized_shape"])
    layout = _with_last(to.layout(given["input"]), count)
    order = tuple(axis - (len(shape) - count) for axis in layout[-count:])
    size = math.prod(shape[-count:])
    sizes = (math.prod(shape) // size, 1, size)
    _normalize(to, call, operator, layout, sizes, order)


def _with_last(layout: Layout, count: int) -> Layout:
    """Return a layout in which the last dimensions are last, in any order."""
    rank = len(layout)
    is_so = all(axis >= rank - count for axis in layout[-count:])
    return layout if is_so else identity(rank)


def add_group_norm(to: Translation, call: Any) -> None:
    """Add a group norm."""
    given = arguments(call)
    _normalize_maps(to, call, Normalize(int(given["num_groups"]), float(given["eps"])))


def add_instance_norm(to: Translation, call: Any) -> None:
    """Add an instance norm; with running statistics, it is a batch-norm."""
    given = arguments(call)
    if not given["use_input_stats"]:
        add_running_norm(to, call)
        return
    channels = shape_of(given["input"])[1]
    _normalize_maps(to, call, Normalize(channels, float(given["eps"])))


def _normalize_maps(to: Translation, call: Any, operator: Normalize) -> None:
    batch, channels, *spatial = shape = shape_of(arguments(call)["input"])
    sizes = batch, math.prod(spatial), channels
    _normalize(to, call, operator, channels_last(len(shape)), sizes, (0,))


def _normalize(
    to: Translation,
    call: Any,
    operator: Normalize,
    layout: Layout,
    sizes: Shape,
    order: tuple[int, ...],
) -> None:
    """Add a normalization.

    Args:
        to: the translation.
        call: the call.
        operator: how values are grouped.
        layout: of input and result.
        sizes: outer, middle, channels.
        order: the dimensions of weight and bias in the order of the layout.
    """
    source = arguments(call)["input"]
    tensor = to.reshaped(call, to.form(call, source, layout), sizes)
    to.define(call, to.apply(call, operator, tensor, *_factors(to, call, order)), layout)


def _factors(to: Translation, call: Any, order: tuple[int, ...]) -> list[str]:
    """Return the constant tensors of weight and bias, as far as they are needed."""
    given = arguments(call)
    values = {
        role: to.value(call, given[role]).transpose(order).reshape(-1)
        for role in ("weight", "bias")
        if given.get(role) is not None
    }
    if set(values) == {"bias"}:
        values = {"weight": np.ones_like(values["bias"]), **values}
    return [to.constant(f"{call.name}.{role}", array) for role, array in values.items()]


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.layer_norm.default": add_layer_norm,
    "aten.rms_norm.default": add_rms_norm,
    "aten.group_norm.default": add_group_norm,
    "aten.instance_norm.default": add_instance_norm,
}
"""ATen operator -> the function that adds it."""
