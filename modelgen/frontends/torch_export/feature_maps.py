"""Import of the operators that work on feature maps, of additions and of activations.

Each function takes the importer and one call of the exported program. In PyTorch maps are (batch,
channels, rows, columns); here (batch, rows, columns, channels).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from modelgen.frontends.torch_export.calls import shape_of

if TYPE_CHECKING:
    from modelgen.frontends.torch_export.importer import Importer


def to_layout(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape of PyTorch with the channels of feature maps last."""
    return (shape[0], *shape[2:], shape[1]) if len(shape) == 4 else shape


def values_to_layout(values: np.ndarray) -> np.ndarray:
    """Return inputs as the graph takes them: with the channels of feature maps last."""
    return np.ascontiguousarray(values.transpose(0, 2, 3, 1)) if values.ndim == 4 else values


def _pair(value: Any) -> list[int]:
    """Return [y, x] of a number, or of one or two of them."""
    values = [int(v) for v in value] if isinstance(value, Sequence) else [int(value)]
    return values * 2 if len(values) == 1 else values


def _arguments(call: Any, names: Sequence[str], **defaults: Any) -> dict[str, Any]:
    """Return a call's arguments by name."""
    given = dict(zip(names, call.args[1:], strict=False))
    return {**dict.fromkeys(names), **defaults, **given, **call.kwargs}


def _symmetric(padding: Sequence[int]) -> list[int]:
    return [padding[0], padding[0], padding[1], padding[1]]


def _maps(importer: Importer, call: Any) -> tuple[int, ...]:
    """Return the shape of the maps that a call reads."""
    shape = shape_of(call.args[0])
    if len(shape) != 4:
        importer.complain(call, "needs a batch of feature maps, four dimensions")
    return shape


_CONVOLUTION = ("weight", "bias", "stride", "padding", "dilation", "groups")


def add_conv2d(importer: Importer, call: Any) -> None:
    """Add a convolution of groups 1, or depthwise."""
    arguments = _arguments(call, _CONVOLUTION, stride=1, padding=0, dilation=1, groups=1)
    channels, groups = _maps(importer, call)[1], arguments["groups"]
    roles = importer.constants(call, {role: arguments[role] for role in ("weight", "bias")})
    weight = importer.value(call, arguments["weight"])
    if weight.size == 0:
        importer.complain(call, "has no weights: one of its sizes is zero")
    if groups != 1 and not groups == channels == len(weight):
        importer.complain(
            call,
            f"has {groups} groups with {channels} channels and {len(weight)} outputs; groups can "
            "be 1, or as many as channels and outputs (depthwise)",
        )
    dilation = _pair(arguments["dilation"])
    kept = importer.add_constants(call, weight=np.ascontiguousarray(weight.transpose(0, 2, 3, 1)))
    importer.add(
        call,
        "conv2d",
        constants={**roles, **kept},
        attributes={
            "stride": _pair(arguments["stride"]),
            "padding": _padding(arguments["padding"], weight.shape[2:], dilation),
            "dilation": dilation,
            "groups": groups,
        },
    )


def _padding(padding: Any, kernel: Sequence[int], dilation: Sequence[int]) -> list[int]:
    """Return [top, bottom, left, right]; `padding` may be "same" or "valid"."""
    if padding == "valid":
        return [0, 0, 0, 0]
    if padding == "same":
        totals = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
        return [part for total in totals for part in (total // 2, total - total // 2)]
    return _symmetric(_pair(padding))


_NORM = ("weight", "bias", "mean", "variance", "training", "momentum", "epsilon")


def add_batch_norm(importer: Importer, call: Any) -> None:
    """Add a batch-norm as scale and bias of each channel."""
    arguments = _arguments(call, _NORM)
    if len(shape_of(call.args[0])) not in (2, 4) or arguments["mean"] is None:
        importer.complain(call, "must have running statistics, and two or four dimensions")
    if arguments["training"]:
        importer.complain(call, "takes mean and variance of its input in evaluation mode too")
    mean = importer.value(call, arguments["mean"]).astype(np.float64)
    variance = importer.value(call, arguments["variance"]).astype(np.float64)
    scale = 1.0 / np.sqrt(variance + arguments["epsilon"])
    if arguments["weight"] is not None:
        scale = scale * importer.value(call, arguments["weight"])
    bias = -mean * scale
    if arguments["bias"] is not None:
        bias = bias + importer.value(call, arguments["bias"])
    values = {"scale": scale, "bias": bias}
    constants = importer.add_constants(
        call,
        **{
            role: importer.features_to_layout(call, value.astype(np.float32))
            for role, value in values.items()
        },
    )
    importer.add(call, "pointwise", constants=constants)


_MAX_POOL = ("kernel", "stride", "padding", "dilation", "ceil_mode")
_AVG_POOL = ("kernel", "stride", "padding", "ceil_mode", "count_include_pad", "divisor")


def add_max_pool(importer: Importer, call: Any) -> None:
    """Add a max-pooling."""
    arguments = _arguments(call, _MAX_POOL, padding=0, dilation=1, ceil_mode=False)
    if _pair(arguments["dilation"]) != [1, 1]:
        importer.complain(call, "has a dilation, which pooling cannot have here")
    _add_pool(importer, call, "max_pool2d", arguments)


def add_avg_pool(importer: Importer, call: Any) -> None:
    """Add an average pooling that divides by the whole kernel."""
    arguments = _arguments(call, _AVG_POOL, padding=0, ceil_mode=False, count_include_pad=True)
    padded = any(_pair(arguments["padding"]))
    if arguments["divisor"] is not None or (padded and not arguments["count_include_pad"]):
        importer.complain(call, "must divide by the size of its kernel (count_include_pad=True)")
    _add_pool(importer, call, "avg_pool2d", arguments)


def _add_pool(importer: Importer, call: Any, op: str, arguments: dict[str, Any]) -> None:
    shape, result = _maps(importer, call), shape_of(call)
    kernel, around = _pair(arguments["kernel"]), _pair(arguments["padding"])
    stride = _pair(arguments["stride"] or kernel)
    padding = []
    for axis, size in enumerate(shape[2:]):
        reach = (result[2 + axis] - 1) * stride[axis] + kernel[axis]
        padding += [around[axis], max(reach - size - around[axis], around[axis])]
    if op == "avg_pool2d" and padding != _symmetric(around):
        # PyTorch divides by what such a window covers of the map, not by its size.
        importer.complain(call, "has windows that reach beyond the map (ceil_mode=True)")
    _pool(importer, call, op, kernel, stride, padding)


def _pool(
    importer: Importer,
    call: Any,
    op: str,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int] = (0, 0, 0, 0),
) -> None:
    attributes = {"kernel": list(kernel), "stride": list(stride), "padding": list(padding)}
    importer.add(call, op, attributes=attributes)


def add_adaptive_avg_pool(importer: Importer, call: Any) -> None:
    """Add an average pooling to a size that divides the map's."""
    shape, result = _maps(importer, call), shape_of(call)
    if any(size % parts for size, parts in zip(shape[2:], result[2:], strict=True)):
        sizes = " to ".join("x".join(map(str, s[2:])) for s in (shape, result))
        importer.complain(call, f"makes maps of {sizes}: the one must divide the other")
    kernel = [size // parts for size, parts in zip(shape[2:], result[2:], strict=True)]
    _pool(importer, call, "avg_pool2d", kernel, kernel)


def add_mean(importer: Importer, call: Any) -> None:
    """Add the mean over the whole map as an average pooling."""
    shape = _maps(importer, call)
    if sorted(axis % 4 for axis in call.args[1]) != [2, 3]:
        importer.complain(call, "must be the mean over rows and columns of feature maps")
    size = list(shape[2:])
    attributes = {"kernel": size, "stride": size, "padding": [0, 0, 0, 0]}
    target = (shape[0], 1, 1, shape[1])
    pooled = importer.add(call, "avg_pool2d", shape=target, attributes=attributes)
    if len(shape_of(call)) == 2:
        importer.add(call, "reshape", pooled)


def add_addition(importer: Importer, call: Any) -> None:
    """Add the sum of two tensors of the same shape."""
    if call.kwargs.get("alpha", 1) != 1:
        importer.complain(call, "adds a multiple; only plain sums are supported")
    first, second = call.args[:2]
    if not hasattr(second, "meta") or shape_of(first) != shape_of(second):
        importer.complain(call, "must add two tensors of the same shape")
    importer.add(call, "pointwise", first, second, attributes={"residual": True})


def _clamp(low: float, high: float | None) -> Callable[[Importer, Any], None]:
    def add(importer: Importer, call: Any) -> None:
        importer.add(call, "pointwise", attributes={"clamp": [low, high]})

    return add


def add_hardtanh(importer: Importer, call: Any) -> None:
    """Add a clamp between two bounds."""
    low, high = (*call.args[1:], -1.0, 1.0)[:2] if len(call.args) != 2 else (call.args[1], 1.0)
    importer.add(call, "pointwise", attributes={"clamp": [float(low), float(high)]})


def add_leaky_relu(importer: Importer, call: Any) -> None:
    """Add a leaky ReLU."""
    slope = float(call.args[1]) if len(call.args) > 1 else 0.01
    importer.add(call, "pointwise", attributes={"slope": slope})


_RELU, _RELU6 = _clamp(0.0, None), _clamp(0.0, 6.0)
OPERATORS: dict[str, Callable[[Importer, Any], None]] = {
    "aten.conv2d.default": add_conv2d,
    "aten.conv2d.padding": add_conv2d,
    "aten.batch_norm.default": add_batch_norm,
    "aten.max_pool2d.default": add_max_pool,
    "aten.avg_pool2d.default": add_avg_pool,
    "aten.adaptive_avg_pool2d.default": add_adaptive_avg_pool,
    "aten.mean.dim": add_mean,
    "aten.add.Tensor": add_addition,
    "aten.add_.Tensor": add_addition,
    "aten.relu.default": _RELU,
    "aten.relu_.default": _RELU,
    "aten.relu6.default": _RELU6,
    "aten.relu6_.default": _RELU6,
    "aten.hardtanh.default": add_hardtanh,
    "aten.hardtanh_.default": add_hardtanh,
    "aten.leaky_relu.default": add_leaky_relu,
    "aten.leaky_relu_.default": add_leaky_relu,
}
"""Operator of ATen -> what adds it."""
