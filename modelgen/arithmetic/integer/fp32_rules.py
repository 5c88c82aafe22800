"""Sums, products and averages of 8-bit integers in FP32, by the rules of ONNX Runtime on a CPU.

ONNX Runtime computes with UINT8 or INT8, whatever a model's runtime tensors are. Where zero points
are a part of an FP32 sum, its rounding depends on which of both: `offset` is what was subtracted
from ONNX Runtime's integers to get ours, 128 for UINT8 and 0 for INT8. Sources: ONNX Runtime,
`core/mlas/lib/qladd.cpp`, `qlmul.cpp`, `contrib_ops/cpu/quantization/qlinear_pool.cc`,
`qlinear_softmax.cc`; as built for CPUs with fused multiply-add.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.single import fma

_SHIFT_MARGIN = 5
"""By how much sums of exponentials stay below the largest FP32 number: powers of e."""


def fp32_sum(
    first: np.ndarray,
    second: np.ndarray,
    given: tuple[Quantization, Quantization],
    result: Quantization,
    offset: int,
) -> np.ndarray:
    """Return sums of two tensors, with the result's zero point, not clamped, INT64.

    Args:
        first: INT8, of a shape that broadcasts with the second's.
        second: INT8.
        given: quantization of both.
        result: quantization of the sum.
        offset: see above.
    """
    left, right, fixed = sum_factors(given, result, offset)
    inner = fma(_fp32(second, offset), right, fixed)
    total = fma(_fp32(first, offset), left, inner)
    return np.rint(total).astype(np.int64) - offset


def sum_factors(
    given: tuple[Quantization, Quantization], result: Quantization, offset: int
) -> tuple[np.float32, np.float32, np.float32]:
    """Return the FP32 factors of both operands of a sum, and what is added to them."""
    left, right = (each.single / result.single for each in given)
    zeros = [np.float32(each.zero_point + offset) for each in (*given, result)]
    fixed = zeros[2] - fma(left, zeros[0], right * zeros[1])
    return left, right, np.float32(fixed)


def fp32_product(
    first: np.ndarray,
    second: np.ndarray,
    given: tuple[Quantization, Quantization],
    result: Quantization,
    offset: int,
) -> np.ndarray:
    """Return products of two tensors; arguments and result as for `fp32_sum`."""
    pairs = zip((first, second), given, strict=True)
    left, right = (values.astype(np.int64) - each.zero_point for values, each in pairs)
    scale = product_factor(given, result)
    total = (left * right).astype(np.float32) * scale + np.float32(result.zero_point + offset)
    return np.rint(total).astype(np.int64) - offset


def product_factor(given: tuple[Quantization, Quantization], result: Quantization) -> np.float32:
    """Return the FP32 factor of a product."""
    return given[0].single * given[1].single / result.single


def fp32_average(
    taps: Iterable[np.ndarray],
    counts: np.ndarray,
    given: Quantization,
    result: Quantization,
    offset: int,
) -> np.ndarray:
    """Return averages, with the result's zero point, not clamped, INT64.

    Args:
        taps: values without their zero point under each tap of a window, in order, INT64.
        counts: of the values in each average, of a shape that broadcasts.
        given: quantization of the values.
        result: of the averages.
        offset: see above.
    """
    total = np.zeros((), np.float32)
    for tap in taps:
        total = total + tap.astype(np.float32) * given.single
    average = total / counts.astype(np.float32)
    scaled = average / result.single + np.float32(result.zero_point + offset)
    return np.rint(scaled).astype(np.int64) - offset


def fp32_softmax(values: np.ndarray, scale: np.float32, result: Quantization) -> np.ndarray:
    """Return softmax over the last dimension, with the result's zero point, not clamped, INT64.

    Args:
        values: INT8, shape (..., N).
        scale: of the values, FP32.
        result: quantization of the shares.
    """
    table = fp32_exponentials(scale, values.shape[-1])
    wide = values.astype(np.int64)
    powers = table[wide - wide.max(axis=-1, keepdims=True) + len(table) - 1]
    total = np.zeros(powers.shape[:-1], np.float32)
    # In order: sums of FP32 depend on it.
    for index in range(powers.shape[-1]):
        total = total + powers[..., index]
    return (
        np.rint(powers * units_of(result) / total[..., None]).astype(np.int64) + result.zero_point
    )


def units_of(result: Quantization) -> np.float32:
    """Return the steps of softmax's result in 1."""
    return np.floor(np.float32(1.0) / result.single)


def fp32_exponentials(scale: np.float32, count: int) -> np.ndarray:
    """Return e^(scale i) for i from -255 to 0, all times a factor that sums of `count` can have."""
    largest = np.finfo(np.float32).max / np.float32(count)
    factor = max(0.0, float(np.log(np.float64(largest))) - _SHIFT_MARGIN) / np.float64(scale)
    return np.exp((np.arange(-255.0, 1.0) + factor) * np.float64(scale)).astype(np.float32)


def _fp32(values: np.ndarray, offset: int) -> np.ndarray:
    return (values.astype(np.int64) + offset).astype(np.float32)
