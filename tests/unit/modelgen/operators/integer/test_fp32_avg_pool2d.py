"""Average poolings of integers, computed in FP32, beside ONNX Runtime."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.operators import Fp32AvgPool2d
from modelgen.operators.window import Window
from tests.support.quantized_onnx import Writer, differences, integers, operators

WINDOW = Window((2, 2), (2, 2), (1, 0, 0, 0))


@pytest.mark.parametrize(("counts", "expected"), [(False, [4, 2]), (True, [3, 2])])
def test_what_averages_are_of(counts: bool, expected: list[int]) -> None:
    scales = Quantization(1.0, 1), Quantization(1.0, 1)
    operator = Fp32AvgPool2d(WINDOW, counts, *scales)
    values = np.array([[[[3], [6]], [[1], [2]], [[3], [3]]]], np.int8)
    found = operator.compute([values], {})
    np.testing.assert_array_equal(found.reshape(-1), expected)
    assert operator.infer_shape([(1, 3, 2, 1)], {}) == (1, 2, 1, 1)
    assert operator.describe() == "avg-pool 2x2, stride 2"


@pytest.mark.parametrize("kind", ["uint8", "int8"])
@pytest.mark.parametrize("counts", [0, 1])
@pytest.mark.parametrize(
    ("size", "kernel", "pads", "stride"),
    [
        ((12, 13), (3, 3), (1, 1, 1, 1), 2),
        ((9, 9), (5, 4), (2, 1, 2, 1), 1),
        ((8, 9), (2, 3), (0,) * 4, 2),
    ],
)
def test_beside_onnx_runtime(
    kind: str,
    counts: int,
    size: tuple[int, int],
    kernel: tuple[int, int],
    pads: tuple[int, ...],
    stride: int,
) -> None:
    to = Writer(kind)
    maps = to.dequantize(to.integers(1, 40, *size), (0.05, 120))
    pooled = to.node(
        "AveragePool",
        maps,
        kernel_shape=kernel,
        pads=pads,
        strides=[stride] * 2,
        count_include_pad=counts,
    )
    to.returns(to.quantize(pooled, (0.0317, 77)))
    wrong, graph = differences(to.proto(), [integers(kind, 1, 40, *size)])
    assert wrong == 0
    assert "fp32_avg_pool2d" in operators(graph)
