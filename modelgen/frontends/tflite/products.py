"""Import of convolutions and matrix products."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.ranges import sum_ranges
from modelgen.arithmetic.integer.requantization import Requantization, Rounding
from modelgen.frontends.tflite.complaints import Refusal
from modelgen.frontends.tflite.records import OperatorRecord, TensorRecord
from modelgen.frontends.tflite.translation import Translation, fused_clamp, quantization_of
from modelgen.frontends.tflite.windows import sliding_window
from modelgen.operators import IntegerConv2d, IntegerLinear

_LARGEST_SUM = 2**31 - 1


def add_convolution(to: Translation, operator: OperatorRecord) -> None:
    """Add a convolution; channels of the weights that divide the input's make groups."""
    weight = to.constant(operator, 1, 4)
    _, _, _, channels = to.shape(to.read(operator, 0, 4))
    groups, rest = divmod(channels, weight.shape[3])
    if rest or not groups or len(weight) % groups:
        raise Refusal(f"its weights {list(weight.shape)} do not fit {channels} channels")
    _add_convolution(to, operator, weight, groups, 0)


def add_depthwise(to: Translation, operator: OperatorRecord) -> None:
    """Add a depthwise convolution, with one kernel or several for each input channel."""
    weight = to.constant(operator, 1, 4).transpose(3, 1, 2, 0)
    _, _, _, channels = to.shape(to.read(operator, 0, 4))
    if weight.shape[3] != 1 or len(weight) % channels:
        raise Refusal(f"its weights {list(weight.shape)} do not fit {channels} channels")
    _add_convolution(to, operator, weight, channels, 3)


def _add_convolution(
    to: Translation, operator: OperatorRecord, weight: np.ndarray, groups: int, axis: int
) -> None:
    source = to.read(operator, 0)
    given, result = (quantization_of(t) for t in (to.input(operator, 0), to.output(operator)))
    scales, zero_point = _scales(to.input(operator, 1), len(weight), axis)
    if zero_point:
        raise Refusal("its weights have a zero point", to.input(operator, 1).name)
    constants = _constants(to, operator, weight, given)
    factors = given.scale * scales.astype(np.float64) / result.scale
    constants |= Rounding.DOUBLE.constants(factors)
    kernel = weight.shape[1], weight.shape[2]
    window = sliding_window(operator, kernel, to.shape(source))
    clamp = fused_clamp(operator, result)
    requantization = Requantization(Rounding.DOUBLE, result.zero_point, clamp)
    translated = IntegerConv2d(window, given.zero_point, requantization, groups)
    to.add(operator, translated, [source], constants)


def add_linear(to: Translation, operator: OperatorRecord) -> None:
    """Add a matrix product with constant weights."""
    weight = to.constant(operator, 1, 2)
    if operator.options["WeightsFormat"] != 0:
        raise Refusal("its weights are shuffled", to.input(operator, 1).name)
    source = to.read(operator, 0)
    given, result = (quantization_of(t) for t in (to.input(operator, 0), to.output(operator)))
    scales, zero_point = _scales(to.input(operator, 1), len(weight), 0)
    constants = _constants(to, operator, weight, given, zero_point)
    factors = given.scale * scales.astype(np.float64) / result.scale
    constants |= Rounding.HALF_AWAY.constants(factors)
    clamp = fused_clamp(operator, result)
    requantization = Requantization(Rounding.HALF_AWAY, result.zero_point, clamp)
    translated = IntegerLinear(given.zero_point, requantization, zero_point)
    if to.shape(source)[-1:] != weight.shape[1:]:
        rows, rest = divmod(int(np.prod(to.shape(source))), weight.shape[1])
        if rest:
            reason = f"its weights {list(weight.shape)} do not fit {list(to.shape(source))}"
            raise Refusal(reason, to.input(operator, 1).name)
        source = to.reshaped(operator, source, (rows, weight.shape[1]))
    to.add(operator, translated, [source], constants, reshapes=True)


def _scales(tensor: TensorRecord, channels: int, axis: int) -> tuple[np.ndarray, int]:
    """Return the scale of each output channel of weights, FP32, and their zero point."""
    if tensor.type != "INT8":
        raise Refusal(f"weights have the type {tensor.type} instead of INT8", tensor.name)
    zero_points = np.unique(tensor.zero_points)
    if len(tensor.scales) not in (1, channels) or len(zero_points) != 1:
        raise Refusal("its weights have no scale for each output channel", tensor.name)
    if len(tensor.scales) > 1 and zero_points[0] != 0:
        raise Refusal("weights that are quantized per channel have a zero point", tensor.name)
    if len(tensor.scales) > 1 and tensor.axis != axis:
        raise Refusal(f"its weights are quantized along dimension {tensor.axis}", tensor.name)
    if not ((tensor.scales > 0) & np.isfinite(tensor.scales)).all():
        raise Refusal("the scale of a channel is not a positive number", tensor.name)
    return np.broadcast_to(tensor.scales, channels), int(zero_points[0])


def _constants(
    to: Translation,
    operator: OperatorRecord,
    weight: np.ndarray,
    given: Quantization,
    zero_point: int = 0,
) -> dict[str, np.ndarray]:
    """Return weights and bias, after a check that no sum can leave the range of INT32."""
    bias = np.zeros(len(weight), np.int32)
    if not to.is_absent(operator, 2):
        bias = to.constant(operator, 2)
    if bias.dtype != np.int32 or bias.shape != (len(weight),):
        name = to.input(operator, 2).name
        raise Refusal(f"its bias is not {len(weight)} values of INT32", name)
    lowest, highest = sum_ranges(weight.astype(np.int64) - zero_point, given.zero_point, bias)
    if lowest.min() < -_LARGEST_SUM or highest.max() > _LARGEST_SUM:
        raise Refusal("its sums can leave the range of INT32", to.input(operator, 1).name)
    return {"weight": weight, "bias": bias}


OPERATORS: dict[str, Callable[[Translation, OperatorRecord], None]] = {
    "CONV_2D": add_convolution,
    "DEPTHWISE_CONV_2D": add_depthwise,
    "FULLY_CONNECTED": add_linear,
}
"""Operator of a file -> the function that adds it."""
