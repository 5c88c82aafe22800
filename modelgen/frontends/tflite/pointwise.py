"""Import of what works on each element: sums, products, functions, changes of quantization."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelgen.arithmetic.integer import byte_tables
from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.softmax import LONGEST_ROW, SoftmaxScale
from modelgen.arithmetic.integer.sums import SumScales, product_factor
from modelgen.frontends.tflite.complaints import Refusal
from modelgen.frontends.tflite.records import OperatorRecord
from modelgen.frontends.tflite.translation import (
    Translation,
    clamp_of,
    fused_clamp,
    quantization_of,
)
from modelgen.operators import (
    ByteTable,
    Dequantize,
    IntegerAdd,
    IntegerMultiply,
    IntegerSoftmax,
    Operator,
    Quantize,
)

Add = Callable[[Translation, OperatorRecord], None]
_SOFTMAX_RESULT = Quantization(1 / 256, -128)


def add_sum(to: Translation, operator: OperatorRecord) -> None:
    """Add a sum of two tensors."""
    first, second, result = _operands(to, operator)
    scales = SumScales.of(first.scale, second.scale, result.scale)
    zero_points = first.zero_point, second.zero_point
    clamp = fused_clamp(operator, result)
    _add_pair(to, operator, IntegerAdd(zero_points, scales, result.zero_point, clamp))


def add_product(to: Translation, operator: OperatorRecord) -> None:
    """Add a product of two tensors."""
    first, second, result = _operands(to, operator)
    factor = product_factor(first.scale, second.scale, result.scale)
    zero_points = first.zero_point, second.zero_point
    clamp = fused_clamp(operator, result)
    multiplier = Multiplier.of(factor)
    _add_pair(to, operator, IntegerMultiply(zero_points, multiplier, result.zero_point, clamp))


def _operands(
    to: Translation, operator: OperatorRecord
) -> tuple[Quantization, Quantization, Quantization]:
    records = to.input(operator, 0), to.input(operator, 1), to.output(operator)
    first, second, result = map(quantization_of, records)
    return first, second, result


def _add_pair(to: Translation, operator: OperatorRecord, translated: Operator) -> None:
    tensors = [to.read(operator, 0), to.read(operator, 1)]
    try:
        np.broadcast_shapes(*map(to.shape, tensors))
    except ValueError as error:
        raise Refusal("the shapes of its inputs do not broadcast") from error
    to.add(operator, translated, tensors)


def _around(to: Translation, operator: OperatorRecord) -> tuple[Quantization, Quantization]:
    return quantization_of(to.input(operator, 0)), quantization_of(to.output(operator))


def _add_table(to: Translation, operator: OperatorRecord, table: np.ndarray) -> None:
    title = operator.kind.lower().replace("_", " ")
    to.add(operator, ByteTable(title), [to.read(operator, 0)], {"table": table})


def _function(table: Callable[[Quantization, Quantization], np.ndarray]) -> Add:
    def add(to: Translation, operator: OperatorRecord) -> None:
        _add_table(to, operator, table(*_around(to, operator)))

    return add


def _rectifier(low: float, high: float | None) -> Add:
    def add(to: Translation, operator: OperatorRecord) -> None:
        given, result = _around(to, operator)
        clamp = clamp_of((low, high), result)
        _add_table(to, operator, byte_tables.rectifier(given, result, clamp))

    return add


def add_leaky_rectifier(to: Translation, operator: OperatorRecord) -> None:
    """Add a rectifier with a slope for negative numbers."""
    slope = operator.options["Alpha"]
    _add_table(to, operator, byte_tables.leaky_rectifier(*_around(to, operator), slope))


def add_logistic(to: Translation, operator: OperatorRecord) -> None:
    """Add the logistic function."""
    given, result = _around(to, operator)
    if result.scale != _SOFTMAX_RESULT.scale:
        raise Refusal("its output has a scale other than 1/256", to.output(operator).name)
    _add_table(to, operator, byte_tables.logistic(given, result))


def add_hard_swish(to: Translation, operator: OperatorRecord) -> None:
    """Add the hard swish function."""
    given, result = _around(to, operator)
    if Multiplier.of(float(np.float32(1 / 128) * given.single / result.single)).shift > 0:
        reason = "the scale of its output is below 1/128 of its input's"
        raise Refusal(reason, to.output(operator).name)
    _add_table(to, operator, byte_tables.hard_swish(given, result))


def add_softmax(to: Translation, operator: OperatorRecord) -> None:
    """Add a softmax over the last dimension."""
    given, result = _around(to, operator)
    near = abs(result.scale - _SOFTMAX_RESULT.scale) <= 0.001 * _SOFTMAX_RESULT.scale
    if not near or result.zero_point != _SOFTMAX_RESULT.zero_point:
        reason = "its output has a quantization other than scale 1/256, zero point -128"
        raise Refusal(reason, to.output(operator).name)
    factor = operator.options["Beta"] * given.scale
    if not factor > 2.0**-26:
        raise Refusal("the scale of its input is too small", to.input(operator, 0).name)
    shape = to.output(operator).shape
    row = shape[-1] if shape else 0
    if not 0 < row <= LONGEST_ROW:
        raise Refusal(f"it has {row} values in a row; at most {LONGEST_ROW} are supported")
    to.add(operator, IntegerSoftmax(SoftmaxScale.of(factor)), [to.read(operator, 0)])


def add_quantize(to: Translation, operator: OperatorRecord) -> None:
    """Add a change from FP32, or from another quantization, to INT8."""
    result = quantization_of(to.output(operator))
    if to.input(operator, 0).type == "FLOAT32":
        to.add(operator, Quantize(result), [to.read(operator, 0)])
        return
    given = quantization_of(to.input(operator, 0))
    _add_table(to, operator, byte_tables.requantize(given, result))


def add_dequantize(to: Translation, operator: OperatorRecord) -> None:
    """Add a change from INT8 to FP32."""
    given = quantization_of(to.input(operator, 0))
    if to.output(operator).type != "FLOAT32":
        raise Refusal("its output is not FP32", to.output(operator).name)
    to.add(operator, Dequantize(given), [to.read(operator, 0)])


OPERATORS: dict[str, Add] = {
    "ADD": add_sum,
    "DEQUANTIZE": add_dequantize,
    "HARD_SWISH": add_hard_swish,
    "LEAKY_RELU": add_leaky_rectifier,
    "LOGISTIC": add_logistic,
    "MUL": add_product,
    "QUANTIZE": add_quantize,
    "RELU": _rectifier(0.0, None),
    "RELU6": _rectifier(0.0, 6.0),
    "SOFTMAX": add_softmax,
    "TANH": _function(byte_tables.tanh),
}
"""Operator of a file -> the function that adds it."""
