"""Import of operators on feature maps, additions and activations.

Each function takes the translation and one call of the exported program. Feature maps are (batch,
channels, rows, columns) in PyTorch, and (batch, rows, columns, channels) here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.calls import shape_of
from modelgen.frontends.torch_export.tracing import shape_text
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import (
    AvgPool2d,
    Concatenate,
    Conv2d,
    MaxPool2d,
    Pointwise,
    Reshape,
    Sigmoid,
)
from modelgen.operators.epilogue import Epilogue
from modelgen.operators.window import Window


def _pair(value: Any) -> tuple[int, int]:
    """Return (y, x) of a number, or of a sequence of one or two."""
    values = [int(v) for v in value] if isinstance(value, Sequence) else [int(value)]
    return values[0], values[-1]


def _arguments(call: Any, names: Sequence[str], **defaults: Any) -> dict[str, Any]:
    """Return a call's arguments by name."""
    given = dict(zip(names, call.args[1:], strict=False))
    return {**dict.fromkeys(names), **defaults, **given, **call.kwargs}


def _symmetric(padding: tuple[int, int]) -> tuple[int, int, int, int]:
    return padding[0], padding[0], padding[1], padding[1]


def _maps(to: Translation, call: Any) -> tuple[int, ...]:
    """Return the shape of the feature maps that a call reads."""
    shape = shape_of(call.args[0])
    if len(shape) != 4:
        to.reject(call, "expects a batch of feature maps, which has four dimensions")
    return shape


_CONVOLUTION = ("weight", "bias", "stride", "padding", "dilation", "groups")


def add_conv2d(to: Translation, call: Any) -> None:
    """Add a convolution, with groups = 1 or depthwise."""
    arguments = _arguments(call, _CONVOLUTION, stride=1, padding=0, dilation=1, groups=1)
    channels, groups = _maps(to, call)[1], arguments["groups"]
    roles = to.constants(call, {role: arguments[role] for role in ("weight", "bias")})
    weight = to.value(call, arguments["weight"])
    if weight.size == 0:
        to.reject(call, "has no weights: one of its sizes is zero")
    if groups != 1 and not groups == channels == len(weight):
        to.reject(
            call,
            f"has {groups} groups with {channels} input channels and {len(weight)} output "
            "channels; expected 1 group, or as many as input and output channels (depthwise)",
        )
    dilation = _pair(arguments["dilation"])
    kept = to.add_constants(call, weight=np.ascontiguousarray(weight.transpose(0, 2, 3, 1)))
    kernel = _pair(weight.shape[2:])
    padding = _padding(arguments["padding"], kernel, dilation)
    window = Window(kernel, _pair(arguments["stride"]), padding, dilation)
    to.add(call, Conv2d(window, groups), constants={**roles, **kept})


def _padding(
    padding: Any, kernel: tuple[int, int], dilation: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return top, bottom, left, right; `padding` may be "same" or "valid"."""
    if padding == "valid":
        return 0, 0, 0, 0
    if padding == "same":
        rows, columns = ((k - 1) * d for k, d in zip(kernel, dilation, strict=True))
        return rows // 2, rows - rows // 2, columns // 2, columns - columns // 2
    return _symmetric(_pair(padding))


_NORM = ("weight", "bias", "mean", "variance", "training", "momentum", "epsilon")


def add_batch_norm(to: Translation, call: Any) -> None:
    """Add a batch-norm as a scale and bias per channel."""
    arguments = _arguments(call, _NORM)
    if len(shape_of(call.args[0])) not in (2, 4) or arguments["mean"] is None:
        to.reject(call, "must have running statistics and an input of two or four dimensions")
    if arguments["training"]:
        to.reject(call, "uses the mean and variance of its input even in evaluation mode")
    mean = to.value(call, arguments["mean"]).astype(np.float64)
    variance = to.value(call, arguments["variance"]).astype(np.float64)
    scale = 1.0 / np.sqrt(variance + arguments["epsilon"])
    if arguments["weight"] is not None:
        scale = scale * to.value(call, arguments["weight"])
    bias = -mean * scale
    if arguments["bias"] is not None:
        bias = bias + to.value(call, arguments["bias"])
    values = {"scale": scale, "bias": bias}
    constants = to.add_constants(
        call,
        **{
            role: to.features_to_layout(call, value.astype(np.float32))
            for role, value in values.items()
        },
    )
    to.add(call, Pointwise(), constants=constants)


_MAX_POOL = ("kernel", "stride", "padding", "dilation", "ceil_mode")
_AVG_POOL = ("kernel", "stride", "padding", "ceil_mode", "count_include_pad", "divisor")


def add_max_pool(to: Translation, call: Any) -> None:
    """Add a max-pooling."""
    arguments = _arguments(call, _MAX_POOL, padding=0, dilation=1, ceil_mode=False)
    if _pair(arguments["dilation"]) != (1, 1):
        to.reject(call, "has a dilation, which is not supported for pooling")
    to.add(call, MaxPool2d(_pool_window(call, _maps(to, call), arguments)))


def add_avg_pool(to: Translation, call: Any) -> None:
    """Add an average pooling that divides by the whole kernel."""
    arguments = _arguments(call, _AVG_POOL, padding=0, ceil_mode=False, count_include_pad=True)
    padded = any(_pair(arguments["padding"]))
    if arguments["divisor"] is not None or (padded and not arguments["count_include_pad"]):
        to.reject(call, "must divide by the size of its kernel (count_include_pad=True)")
    window = _pool_window(call, _maps(to, call), arguments)
    if window.padding != _symmetric(_pair(arguments["padding"])):
        # PyTorch divides by the part of the map that such a window covers, not by its size.
        to.reject(call, "has windows that extend beyond the map (ceil_mode=True)")
    to.add(call, AvgPool2d(window))


def _pool_window(call: Any, shape: tuple[int, ...], arguments: dict[str, Any]) -> Window:
    """Return the window of a pooling; its padding ends where the last window does."""
    kernel, around = _pair(arguments["kernel"]), _pair(arguments["padding"])
    stride = _pair(arguments["stride"] or kernel)
    result = shape_of(call)

    def after(axis: int) -> int:
        reach = (result[2 + axis] - 1) * stride[axis] + kernel[axis]
        return max(reach - shape[2 + axis] - around[axis], around[axis])

    return Window(kernel, stride, (around[0], after(0), around[1], after(1)))


def add_adaptive_avg_pool(to: Translation, call: Any) -> None:
    """Add an average pooling whose output size divides the map's."""
    shape, result = _maps(to, call), shape_of(call)
    if any(size % parts for size, parts in zip(shape[2:], result[2:], strict=True)):
        sizes = " to ".join("x".join(map(str, s[2:])) for s in (shape, result))
        to.reject(call, f"pools {sizes}; the output size must divide the input size")
    kernel = shape[2] // result[2], shape[3] // result[3]
    to.add(call, AvgPool2d(Window(kernel, kernel)))


def add_mean(to: Translation, call: Any) -> None:
    """Add the mean over the whole feature map as an average pooling."""
    shape = _maps(to, call)
    if sorted(axis % 4 for axis in call.args[1]) != [2, 3]:
        to.reject(call, "must be a mean over the rows and columns of feature maps")
    size = shape[2], shape[3]
    target = (shape[0], 1, 1, shape[1])
    pooled = to.add(call, AvgPool2d(Window(size, size)), shape=target)
    if len(shape_of(call)) == 2:
        to.add(call, Reshape(shape_of(call)), pooled)


def add_addition(to: Translation, call: Any) -> None:
    """Add the sum of two tensors of the same shape, or of a tensor and a number."""
    first, second = call.args[:2]
    alpha = call.kwargs.get("alpha", 1)
    if _is_number(second):
        _add_affine(to, call, 1.0, float(alpha) * second)
        return
    if alpha != 1:
        to.reject(call, "adds a multiple (alpha); only plain sums are supported")
    if not hasattr(second, "meta") or shape_of(first) != shape_of(second):
        to.reject(call, "must add two tensors of the same shape")
    to.add(call, Pointwise(Epilogue(residual=True)), first, second)


def _clamp(low: float, high: float | None) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        to.add(call, Pointwise(Epilogue(low=low, high=high)))

    return add


def add_hardtanh(to: Translation, call: Any) -> None:
    """Add a clamp between two bounds."""
    low, high = (*call.args[1:], -1.0, 1.0)[:2] if len(call.args) != 2 else (call.args[1], 1.0)
    to.add(call, Pointwise(Epilogue(low=float(low), high=float(high))))


def add_leaky_relu(to: Translation, call: Any) -> None:
    """Add a leaky ReLU."""
    slope = float(call.args[1]) if len(call.args) > 1 else 0.01
    to.add(call, Pointwise(Epilogue(slope=slope)))


_LARGEST = float(np.finfo(np.float32).max)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _add_affine(to: Translation, call: Any, factor: float, constant: float) -> None:
    """Add `x * factor + constant`."""
    channels = to.shape(call, call.args[0])[-1:]
    if len(shape_of(call)) < 2:
        to.reject(call, f"has an input of shape {shape_text(shape_of(call))}, without a batch")
    for number in (factor, constant):
        if not abs(number) <= _LARGEST:
            to.reject(call, f"computes with {number:g}, which is not a finite FP32 number")
    constants = to.add_constants(
        call,
        scale=np.full(channels, factor, np.float32),
        bias=np.full(channels, constant, np.float32),
    )
    to.add(call, Pointwise(), constants=constants)


def _number(to: Translation, call: Any) -> float:
    """Return a call's second operand, which must be a number."""
    if not _is_number(call.args[1]):
        to.reject(call, "must have a number as its second operand")
    return float(call.args[1])


def add_product(to: Translation, call: Any) -> None:
    """Add a multiplication by a number."""
    _add_affine(to, call, _number(to, call), 0.0)


def add_quotient(to: Translation, call: Any) -> None:
    """Add a division by a number."""
    divisor = _number(to, call)
    if divisor == 0.0:
        to.reject(call, "divides by zero")
    _add_affine(to, call, 1.0 / divisor, 0.0)


def add_difference(to: Translation, call: Any) -> None:
    """Add the subtraction of a number."""
    _add_affine(to, call, 1.0, -float(call.kwargs.get("alpha", 1)) * _number(to, call))


def add_difference_from(to: Translation, call: Any) -> None:
    """Add the subtraction of the tensor from a number."""
    alpha = float((*call.args[2:], call.kwargs.get("alpha", 1))[0])
    _add_affine(to, call, -alpha, _number(to, call))


def add_negation(to: Translation, call: Any) -> None:
    """Add a negation."""
    _add_affine(to, call, -1.0, 0.0)


def add_concatenation(to: Translation, call: Any) -> None:
    """Add a concatenation along the dimension that is last on the device."""
    sources = call.args[0]
    rank = len(shape_of(call))
    axis = _arguments(call, ("dim",), dim=0)["dim"] % rank
    if rank < 2 or axis != (1 if rank == 4 else rank - 1):
        supported = "1, the channels of feature maps," if rank == 4 else "the last"
        to.reject(
            call,
            f"concatenates along dimension {axis} of {rank}; only {supported} is supported",
        )
    to.add(call, Concatenate(), *sources, keep=False)


def add_sigmoid(to: Translation, call: Any) -> None:
    """Add a sigmoid."""
    to.add(call, Sigmoid())


_RELU, _RELU6 = _clamp(0.0, None), _clamp(0.0, 6.0)
OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.conv2d.default": add_conv2d,
    "aten.conv2d.padding": add_conv2d,
    "aten.batch_norm.default": add_batch_norm,
    "aten.max_pool2d.default": add_max_pool,
    "aten.avg_pool2d.default": add_avg_pool,
    "aten.adaptive_avg_pool2d.default": add_adaptive_avg_pool,
    "aten.mean.dim": add_mean,
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
    "aten.sigmoid.default": add_sigmoid,
    "aten.sigmoid_.default": add_sigmoid,
}
"""ATen operator -> the function that adds it."""
