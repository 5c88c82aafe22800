"""The rules of ONNX Runtime, beside ONNX Runtime: all pairs, random maps."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.fp32_rules import (
    fp32_average,
    fp32_product,
    fp32_softmax,
    fp32_sum,
)
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.frontends.onnx.runtime import outputs_of
from tests.support.quantized_onnx import Scale, Writer, every_pair, integers

KINDS = {"uint8": 128, "int8": 0}
"""Type -> offset."""
SCALES = [
    ((0.05, 100), (0.031, 50), (0.037, 97)),
    ((0.0217, 3), (0.0911, 255), (0.0613, 130)),
    ((2.0**-5, 128), (2.0**-6, 0), (2.0**-5, 77)),
    # Many sums are near ties.
    ((0.067, 19), (0.034, 4), (0.134, 44)),
    ((0.0945, 111), (0.0585, 168), (0.083, 55)),
]


def ours(scale: Scale) -> Quantization:
    return Quantization(float(np.float32(scale[0])), scale[1] - 128)


def signed(values: np.ndarray) -> np.ndarray:
    return (values ^ 0x80).view(np.int8) if values.dtype == np.uint8 else values


def of_runtime(to: Writer, *inputs: np.ndarray) -> np.ndarray:
    proto = to.proto()
    names = [value.name for value in proto.graph.input]
    (found,) = outputs_of(proto.SerializeToString(), dict(zip(names, inputs, strict=True)))
    return signed(found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize(("operator", "rule"), [("Add", fp32_sum), ("Mul", fp32_product)])
def test_pairs(kind: str, scales: tuple[Scale, ...], operator: str, rule: object) -> None:
    first, second, result = scales
    result = result if operator == "Add" else (result[0] * 1.7, result[1])
    to = Writer(kind)
    operands = [to.dequantize(to.integers(256, 256), scale) for scale in (first, second)]
    to.returns(to.quantize(to.node(operator, *operands), result))
    values = every_pair(kind)
    assert callable(rule)
    given = ours(first), ours(second)
    found = rule(*map(signed, values), given, ours(result), KINDS[kind])
    np.testing.assert_array_equal(found.clip(-128, 127), of_runtime(to, *values))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scales", SCALES)
def test_averages(kind: str, scales: tuple[Scale, ...]) -> None:
    given, _, result = scales
    to = Writer(kind)
    pool = to.node(
        "AveragePool", to.dequantize(to.integers(1, 64, 9, 9), given), kernel_shape=[3, 2]
    )
    to.returns(to.quantize(pool, result))
    values = integers(kind, 1, 64, 9, 9)
    wide = signed(values).astype(np.int64) - ours(given).zero_point
    taps = [wide[:, :, y : y + 7, x : x + 8] for y in range(3) for x in range(2)]
    found = fp32_average(taps, np.array(6), ours(given), ours(result), KINDS[kind])
    np.testing.assert_array_equal(found.clip(-128, 127), of_runtime(to, values))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("columns", [2, 10, 1000])
@pytest.mark.parametrize(("scale", "result"), [(0.05, (1 / 256, 0)), (0.2, (0.0071, 30))])
def test_softmax(kind: str, columns: int, scale: float, result: Scale) -> None:
    to = Writer(kind)
    shares = to.node("Softmax", to.dequantize(to.integers(32, columns), (scale, 90)), axis=-1)
    to.returns(to.quantize(shares, result))
    values = integers(kind, 32, columns)
    found = fp32_softmax(signed(values), np.float32(scale), ours(result))
    np.testing.assert_array_equal(found.clip(-128, 127), of_runtime(to, values))
