"""Import of additions, arithmetic with numbers, batch-norms, and activations of the store path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.layouts import channels_last
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Concatenate, Pointwise
from modelgen.operators.epilogue import Epilogue

_LARGEST = float(np.finfo(np.float32).max)


def add_batch_norm(to: Translation, call: Any) -> None:
    """Add a batch-norm as a scale and bias per channel."""
    given = arguments(call)
    source = given["input"]
    if given["running_mean"] is None:
        to.reject(call, "must have running statistics")
    if given["training"]:
        to.reject(call, "uses the mean and variance of its input even in evaluation mode")
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


def add_addition(to: Translation, call: Any) -> None:
    """Add the sum of two tensors of the same shape, or of a tensor and a number."""
    given = arguments(call)
    first, second, alpha = given["self"], given["other"], given["alpha"]
    if is_number(second):
        add_affine(to, call, 1.0, float(alpha) * second)
        return
    if alpha != 1:
        to.reject(call, "adds a multiple (alpha); only plain sums are supported")
    if shape_of(first) != shape_of(second):
        to.reject(call, "must add two tensors of the same shape")
    sources, layout = to.alike(call, (first, second))
    to.define(call, to.apply(call, Pointwise(Epilogue(residual=True)), *sources), layout)


def is_number(value: Any) -> bool:
    """Return whether an argument is a Python number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def add_affine(to: Translation, call: Any, factor: float, constant: float) -> None:
    """Add `x * factor + constant`."""
    tensor, _ = to.native(call, call.args[0])
    channels = to.shape(tensor)[-1:]
    for number in (factor, constant):
        if not abs(number) <= _LARGEST:
            to.reject(call, f"computes with {number:g}, which is not a finite FP32 number")
    roles = to.add_roles(
        call,
        scale=np.full(channels or (1,), factor, np.float32),
        bias=np.full(channels or (1,), constant, np.float32),
    )
    to.elementwise(call, Pointwise(), roles)


def _number(to: Translation, call: Any) -> float:
    """Return a call's second operand, which must be a number."""
    if not is_number(call.args[1]):
        to.reject(call, "must have a number as its second operand")
    return float(call.args[1])


def add_product(to: Translation, call: Any) -> None:
    """Add a multiplication by a number."""
    add_affine(to, call, _number(to, call), 0.0)


def add_quotient(to: Translation, call: Any) -> None:
    """Add a division by a number."""
    divisor = _number(to, call)
    if divisor == 0.0:
        to.reject(call, "divides by zero")
    add_affine(to, call, 1.0 / divisor, 0.0)


def add_difference(to: Translation, call: Any) -> None:
    """Add the subtraction of a number."""
    add_affine(to, call, 1.0, -float(arguments(call)["alpha"]) * _number(to, call))


def add_difference_from(to: Translation, call: Any) -> None:
    """Add the subtraction of the tensor from a number."""
    add_affine(to, call, -float(arguments(call)["alpha"]), _number(to, call))


def add_negation(to: Translation, call: Any) -> None:
    """Add a negation."""
    add_affine(to, call, -1.0, 0.0)


def _clamp(low: float, high: float | None) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        to.elementwise(call, Pointwise(Epilogue(low=low, high=high)))

    return add


def add_hardtanh(to: Translation, call: Any) -> None:
    """Add a clamp between two bounds."""
    given = arguments(call)
    low, high = float(given["min_val"]), float(given["max_val"])
    to.elementwise(call, Pointwise(Epilogue(low=low, high=high)))


def add_leaky_relu(to: Translation, call: Any) -> None:
    """Add a leaky ReLU."""
    slope = float(arguments(call)["negative_slope"])
    to.elementwise(call, Pointwise(Epilogue(slope=slope)))


def add_concatenation(to: Translation, call: Any) -> None:
    """Add a concatenation along any dimension, which is last on the device."""
    sources = arguments(call)["tensors"]
    rank = len(shape_of(call))
    axis = arguments(call)["dim"] % max(rank, 1)
    layout = to.layout(sources[0])
    layout = (*(other for other in layout if other != axis), axis)
    tensors = [to.read(call, source, layout) for source in sources]
    to.define(call, to.apply(call, Concatenate(), *tensors), layout)


_RELU, _RELU6 = _clamp(0.0, None), _clamp(0.0, 6.0)
OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.batch_norm.default": add_batch_norm,
    "aten.add.Tensor": add_addition,
    "aten.add_.Tensor": add_addition,
    "aten.mul.Tensor": add_product,
    "aten.mul_.Tensor": add_product,
    "aten.div.Tensor": add_quotient,
    "aten.div_.Tensor": add_quotient,
    "aten.sub.Tensor": add_difference,
    "aten.sub_.Tensor": add_difference,
    "aten.rsub.Scalar": add_difference_from,
    "aten.neg.default": add_negation,
    "aten.neg_.default": add_negation,
    "aten.cat.default": add_concatenation,
    "aten.concat.default": add_concatenation,
    "aten.concatenate.default": add_concatenation,
    "aten.relu.default": _RELU,
    "aten.relu_.default": _RELU,
    "aten.relu6.default": _RELU6,
    "aten.relu6_.default": _RELU6,
    "aten.hardtanh.default": add_hardtanh,
    "aten.hardtanh_.default": add_hardtanh,
    "aten.leaky_relu.default": add_leaky_relu,
    "aten.leaky_relu_.default": add_leaky_relu,
}
"""ATen operator -> the function that adds it."""
