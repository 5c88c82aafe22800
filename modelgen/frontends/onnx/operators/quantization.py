"""Changes between floating-point numbers and integers of 8 bits.

The nodes become operators of `quantized_decomposed`, PyTorch's form of quantized models, except for
QuantizeLinear: it divides, where PyTorch multiplies by the reciprocal.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.ao.quantization.fx._decomposed
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode

_TYPES = {"int8": torch.int8, "uint8": torch.uint8}
_SCHEMA = (
    "quantize(Tensor input, float scale, int zero_point, int quant_min, int quant_max, "
    "ScalarType dtype) -> Tensor"
)
_CONSTANT = "Quantize the model statically, with calibration data."
_ACTIVATIONS = "Quantize activations to INT8 or UINT8, with one scale for each tensor."

_library = torch.library.Library("heepstor", "FRAGMENT")
_library.define(_SCHEMA)


@torch.library.impl(_library, "quantize", "CompositeExplicitAutograd")
def _quantize(
    x: Tensor, scale: float, zero_point: int, low: int, high: int, dtype: torch.dtype
) -> Tensor:
    integers = torch.round(x / torch.tensor(scale, dtype=torch.float32)) + zero_point
    return torch.nan_to_num(integers, nan=low).clamp(low, high).to(dtype)


@torch.library.impl(_library, "quantize", "Meta")
def _quantize_meta(
    x: Tensor, scale: float, zero_point: int, low: int, high: int, dtype: torch.dtype
) -> Tensor:
    return torch.empty_like(x, dtype=dtype)


def quantize(node: FileNode, x: Tensor, *_: Tensor | None) -> Tensor:
    """Return integers: x / scale, rounded, ties to even, plus the zero point."""
    scale, zero_point, kind = _parameters(node)
    if scale.size > 1:
        node.refuse("quantizes activations per channel, which is not supported", _ACTIVATIONS)
    if kind not in _TYPES:
        node.refuse(f"quantizes activations to {kind}, which is not supported", _ACTIVATIONS)
    info = torch.iinfo(_TYPES[kind])
    numbers = float(scale.flat[0]), int(zero_point.flat[0])
    result: Tensor = torch.ops.heepstor.quantize(x, *numbers, info.min, info.max, _TYPES[kind])
    return result


def dequantize(node: FileNode, x: Tensor, *_: Tensor | None) -> Tensor:
    """Return scale (x - zero point), of activations or of constants."""
    scale, zero_point = _parameters(node)[:2]
    if 0 not in node.constants:
        return _dequantized_activation(node, x, scale, zero_point)
    info, library = torch.iinfo(x.dtype), torch.ops.quantized_decomposed
    limits = info.min, info.max, x.dtype
    if scale.size == 1:
        numbers = float(scale.flat[0]), int(zero_point.flat[0])
        result: Tensor = library.dequantize_per_tensor(x, *numbers, *limits)
        return result
    scales = torch.tensor(scale.tolist(), dtype=torch.float32)
    zero_points = torch.tensor(zero_point.tolist(), dtype=torch.int64)
    axis = node.attribute("axis", 1) % x.dim()
    result = library.dequantize_per_channel(x, scales, zero_points, axis, *limits)
    return result


def _dequantized_activation(
    node: FileNode, x: Tensor, scale: np.ndarray, zero_point: np.ndarray
) -> Tensor:
    kind = str(x.dtype).removeprefix("torch.")
    if scale.size > 1:
        node.refuse("has activations with a scale per channel, not supported", _ACTIVATIONS)
    if kind not in _TYPES:
        node.refuse(f"reads activations of {kind}, which is not supported", _ACTIVATIONS)
    info, numbers = torch.iinfo(x.dtype), (float(scale.flat[0]), int(zero_point.flat[0]))
    result: Tensor = torch.ops.quantized_decomposed.dequantize_per_tensor(
        x, *numbers, info.min, info.max, x.dtype
    )
    return result


def _parameters(node: FileNode) -> tuple[np.ndarray, np.ndarray, str]:
    """Return scale, zero point, and the type of the integers.

    Raises:
        RefusedError: they are in a form that is not supported.
    """
    if any(at not in node.constants for at in (1, 2) if node.has(at)):
        node.refuse(
            "has a scale or zero point that depends on the model's input: dynamic quantization is "
            "not supported",
            _CONSTANT,
        )
    if node.attribute("block_size", 0):
        node.refuse("has a scale for each block of values, which is not supported")
    scale = node.constants[1]
    if scale.dtype != np.float32:
        node.refuse(f"has a scale of {scale.dtype.name}; only FP32 is supported")
    if not ((scale > 0) & np.isfinite(scale)).all():
        node.refuse("has a scale that is not a positive number")
    zero_point = node.constants[2] if node.has(2) else np.zeros(scale.shape, np.uint8)
    return scale, zero_point, zero_point.dtype.name


OPERATORS: dict[str, Function] = {
    "DequantizeLinear": dequantize,
    "QuantizeLinear": quantize,
}
"""Operator type -> its function."""
