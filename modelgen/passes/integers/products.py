"""Convolutions and linear layers on integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from modelgen.arithmetic.integer.channel_forms import LEAST_MULTIPLIER_BITS
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.ranges import sum_ranges
from modelgen.arithmetic.integer.requantization import (
    HIGHEST,
    LOWEST,
    Clamp,
    Requantization,
    Rounding,
)
from modelgen.ir.graph import Contract, Node
from modelgen.ir.integer_constants import IntegerConstant, integer_constant
from modelgen.operators import Conv2d, IntegerConv2d, IntegerLinear, Linear, Operator
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.integers.fusion import Fusion, Result

_LARGEST_SUM = 2**31 - 1
ROUNDINGS = {Contract.ONNXRUNTIME: Rounding.HALF_EVEN, Contract.EXACT: Rounding.SINGLE}
"""How sums of products are rounded."""


@dataclass(frozen=True, eq=False)
class _Weights:
    """Weights of a node, without zero points, and the scale of each output channel."""

    integers: np.ndarray
    """INT64, shape (N, ...)."""
    scale: np.ndarray
    """FP32, shape (N,)."""


def fuse_product(to: Fusion, node: Node, result: Result, clamp: Clamp) -> bool:
    """Add a convolution or linear layer on integers; return False if it cannot be one.

    Args:
        to: the graph that is made.
        node: of float numbers, one of Conv2d and Linear.
        result: what its results are quantized to.
        clamp: of the integers.
    """
    source, arrays = to.source(node.inputs[0]), to.graph.arrays(node)
    weights = _weights(arrays)
    if source is None or weights is None or len(node.inputs) != 1:
        return False
    given = source.quantization
    bias = _bias(arrays, weights, given)
    if bias is None or not _fits(weights.integers, given.zero_point, bias):
        return False
    rounding = ROUNDINGS[to.contract]
    requantization = Requantization(rounding, result.quantization.zero_point, clamp)
    operator = _operator(node.operator, given.zero_point, requantization)
    if operator is None:
        return False
    constants: dict[str, np.ndarray] = {
        "weight": weights.integers.astype(np.int8),
        "bias": bias.astype(np.int32),
    }
    factors = _factors(rounding, weights.scale, given, result.quantization)
    constants |= rounding.constants(factors)
    to.add(node, operator, [source.tensor], result, constants)
    return True


def _operator(operator: Operator, zero_point: int, to: Requantization) -> Operator | None:
    """Return the operator on integers that stands for one whose results are not changed."""
    if isinstance(operator, Conv2d) and operator.epilogue == Epilogue():
        return IntegerConv2d(operator.window, zero_point, to, operator.groups)
    if isinstance(operator, Linear) and operator.epilogue == Epilogue():
        return IntegerLinear(zero_point, to)
    return None


def _weights(arrays: Mapping[str, np.ndarray]) -> _Weights | None:
    """Return the weights as integers; None if they are not INT8 with one scale a channel."""
    found = integer_constant(arrays, "weight")
    if found is None:
        return None
    integers = found.integers - found.zero_point
    rows = found.scale.reshape(len(integers), -1)
    if integers.min() < LOWEST or integers.max() > HIGHEST or (rows != rows[:, :1]).any():
        return None
    return _Weights(integers, rows[:, 0])


def _bias(
    arrays: Mapping[str, np.ndarray], weights: _Weights, given: Quantization
) -> np.ndarray | None:
    """Return the bias in units of the sums, INT64; None if it is too large."""
    if "bias" not in arrays:
        return np.zeros(len(weights.scale), np.int64)
    units = given.single * weights.scale
    found = integer_constant(arrays, "bias")
    if found is not None and _is_of(found, units):
        return found.integers
    rounded = np.rint(arrays["bias"].astype(np.float64) / units.astype(np.float64))
    return None if np.abs(rounded).max() > _LARGEST_SUM else rounded.astype(np.int64)


def _is_of(bias: IntegerConstant, units: np.ndarray) -> bool:
    return bool((bias.scale == units).all() and (bias.zero_point == 0).all())


def _fits(weight: np.ndarray, zero_point: int, bias: np.ndarray) -> bool:
    """Return whether no sum can leave the range of INT32."""
    lowest, highest = sum_ranges(weight, zero_point, bias)
    return bool(lowest.min() >= -_LARGEST_SUM and highest.max() <= _LARGEST_SUM)


def _factors(
    rounding: Rounding, scale: np.ndarray, given: Quantization, result: Quantization
) -> np.ndarray:
    """Return what the sums of each channel are multiplied with, FP64."""
    if rounding is Rounding.HALF_EVEN:
        # In FP32, as ONNX Runtime computes them.
        return (given.single * scale / result.single).astype(np.float64)
    # As many bits as the engine's multipliers always have: with more, the rounding of some channels
    # has no form there, and the CPU would have to compute the whole layer.
    factors = float(given.single) * scale.astype(np.float64) / float(result.single)
    fraction, exponent = np.frexp(factors)
    bits = LEAST_MULTIPLIER_BITS
    return np.ldexp(np.rint(np.ldexp(fraction, bits)), exponent - bits)
