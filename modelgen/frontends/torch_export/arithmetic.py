"""Import of batch-norms, activations of the store path, and concatenations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.calls import arguments, in_type_of, shape_of
from modelgen.frontends.torch_export.complaints import EVALUATION
from modelgen.frontends.torch_export.layouts import channels_last
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Pointwise
from modelgen.operators.epilogue import Epilogue


def add_batch_norm(to: Translation, call: Any) -> None:
    """Add a batch-norm as a scale and bias per channel."""
    given = arguments(call)
    if given["running_mean"] is None:
        to.reject(call, "must have running statistics")
    if given["training"]:
        reason = "uses the mean and variance of its input even in evaluation mode"
        to.reject(call, reason, EVALUATION)
    add_running_norm(to, call)


def add_running_norm(to: Translation, call: Any) -> None:
    """Add a normalization with the mean and variance that were found in training."""
    given = arguments(call)
    source = given["input"]
    mean = to.value(call, given["running_mean"]).astype(np.float64)
    variance = to.value(call, given["running_var"]).astype(np.float64)
    scale = 1.0 / np.sqrt(variance + given["eps"])
    if given["weight"] is not None:
        scale = scale * to.value(call, given["weight"])
    bias = -mean * scale
    if given["bias"] is not None:
        bias = bias + to.value(call, given["bias"])
    roles = to.add_roles(call, scale=scale.astype(np.float32), bias=bias.astype(np.float32))
    layout = channels_last(len(shape_of(source)))
    tensor = to.form(call, source, layout)
    if to.shape(tensor)[-1:] != scale.shape:
        tensor = to.read(call, source, layout)
    to.define(call, to.apply(call, Pointwise(), tensor, roles=roles), layout)


def _clamp(low: float, high: float | None) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        to.elementwise(call, Pointwise(Epilogue(low=low, high=high)))

    return add


def add_hardtanh(to: Translation, call: Any) -> None:
    """Add a clamp between two bounds."""
    given = arguments(call)
    low, high = (in_type_of(call, float(given[name])) for name in ("min_val", "max_val"))
    to.elementwise(call, Pointwise(Epilogue(low=low, high=high)))


def add_clamp(to: Translation, call: Any) -> None:
    """Add a clamp to one or two bounds."""
    given = arguments(call)
    low, high = (None if given.get(name) is None else float(given[name]) for name in ("min", "max"))
    to.elementwise(call, Pointwise(Epilogue(low=low, high=high)))


def add_leaky_relu(to: Translation, call: Any) -> None:
    """Add a leaky ReLU."""
    slope = float(arguments(call)["negative_slope"])
    to.elementwise(call, Pointwise(Epilogue(slope=slope)))


def add_absolute(to: Translation, call: Any) -> None:
    """Add an absolute value: negative values times -1."""
    to.elementwise(call, Pointwise(Epilogue(slope=-1.0)))


_RELU, _RELU6 = _clamp(0.0, None), _clamp(0.0, 6.0)
OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.batch_norm.default": add_batch_norm,
    "aten.relu.default": _RELU,
    "aten.relu_.default": _RELU,
    "aten.relu6.default": _RELU6,
    "aten.relu6_.default": _RELU6,
    **{
        f"aten.{name}{suffix}.default": add_clamp
        for name in ("clamp", "clamp_min", "clamp_max", "clip")
        for suffix in ("", "_")
    },
    "aten.hardtanh.default": add_hardtanh,
    "aten.hardtanh_.default": add_hardtanh,
    "aten.abs.default": add_absolute,
    "aten.abs_.default": add_absolute,
    "aten.leaky_relu.default": add_leaky_relu,
    "aten.leaky_relu_.default": add_leaky_relu,
}
"""ATen operator -> the function that adds it."""
