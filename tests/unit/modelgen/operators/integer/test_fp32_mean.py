"""Means of integers, computed in FP32, beside ONNX Runtime."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.operators import Fp32Mean
from tests.support.quantized_onnx import Scale, Writer, differences, integers, operators


def test_zero_points_and_ties() -> None:
    operator = Fp32Mean((1, 2), Quantization(0.5, 1), Quantization(1.0, -10))
    values = np.array([[[[1, 3, -1], [1, 5, 1]], [[1, 3, 1], [1, 5, 127]]]], np.int8)
    found = operator.compute([values], {})
    # Means 0, 1.5 and 15.5; ties to even.
    np.testing.assert_array_equal(found, [[[[-10, -8, 6]]]])
    assert operator.infer_shape([(1, 2, 2, 3)], {}) == (1, 1, 1, 3)
    assert operator.describe() == "mean over 1, 2"


@pytest.mark.parametrize("kind", ["uint8", "int8"])
@pytest.mark.parametrize("size", [(12, 13), (8, 8), (1, 7)])
@pytest.mark.parametrize("result", [(0.0311, 100), (0.0125, 7)])
def test_beside_onnx_runtime(kind: str, size: tuple[int, int], result: Scale) -> None:
    to = Writer(kind)
    maps = to.dequantize(to.integers(1, 512, *size), (0.05, 120))
    to.returns(to.quantize(to.node("GlobalAveragePool", maps), result))
    wrong, graph = differences(to.proto(), [integers(kind, 1, 512, *size)])
    assert wrong == 0
    assert "fp32_mean" in operators(graph)


@pytest.mark.parametrize("scale", [0.013, 0.05, 0.4])
def test_it_has_a_form_for_all_sums(scale: float) -> None:
    operator = Fp32Mean((1, 2), Quantization(scale, 20), Quantization(0.031, -9))
    form = operator.form((500, 7, 7))
    assert form.exact.all()
    values = np.random.default_rng(0).integers(-128, 128, (500, 7, 7)).astype(np.int8)
    values[:250] //= 8
    sums = (values.astype(np.int64) - 20).sum(axis=(1, 2), keepdims=True)
    by_form = Clamp().of(form.of(sums) - 9)
    np.testing.assert_array_equal(by_form, operator.compute([values], {}))
