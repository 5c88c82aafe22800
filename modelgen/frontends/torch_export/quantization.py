"""Import of the nodes of quantized models: from floating-point numbers to integers and back.

UINT8 becomes INT8: 128 less, zero points too. Constants are dealt with in `integers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from modelgen.arithmetic.integer.quantization import Division, Quantization
from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST
from modelgen.frontends.torch_export.calls import arguments
from modelgen.frontends.torch_export.integer_types import offset_of, quantization_of
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Dequantize, Quantize

_ACTIVATIONS = "Quantize activations to INT8 or UINT8, with one scale for each tensor."


def add_quantize(to: Translation, call: Any) -> None:
    """Add the change of a tensor to integers."""
    given = arguments(call)
    offset = offset_of(call)
    if offset is None:
        kind = str(given["dtype"]).removeprefix("torch.")
        to.reject(call, f"quantizes activations to {kind}, which is not supported", _ACTIVATIONS)
    limits = given["quant_min"] - offset, given["quant_max"] - offset
    if limits != (LOWEST, HIGHEST):
        reason = f"quantizes activations to {given['quant_min']} .. {given['quant_max']}"
        to.reject(call, f"{reason}, which is a part of the range", _ACTIVATIONS)
    found = _quantization(to, call, given, offset)
    division = _division(call)
    to.elementwise(call, Quantize(found, division, offset))


def _division(call: Any) -> Division:
    """Return how a call divides: PyTorch's own operator multiplies by the reciprocal."""
    return Division.TIES_EVEN if "heepstor" in str(call.target) else Division.RECIPROCAL


def add_dequantize(to: Translation, call: Any) -> None:
    """Add the change of integers to floating-point numbers."""
    given = arguments(call)
    source = given["input"]
    offset = offset_of(source)
    if offset is None:
        kind = str(source.meta["val"].dtype).removeprefix("torch.")
        to.reject(call, f"reads activations of {kind}, which is not supported", _ACTIVATIONS)
    to.elementwise(call, Dequantize(_quantization(to, call, given, offset), offset))


def _quantization(to: Translation, call: Any, given: dict[str, Any], offset: int) -> Quantization:
    scale, zero_point = (_number(to, call, given[name]) for name in ("scale", "zero_point"))
    if not 0.0 < scale < np.inf:
        to.reject(call, f"has a scale of {scale:g}; expected a positive number")
    return quantization_of(scale, int(zero_point), offset)


def _number(to: Translation, call: Any, value: Any) -> float:
    """Return a number, or the one in a constant tensor."""
    if not hasattr(value, "meta"):
        return float(value)
    if value not in to.constants:
        to.reject(
            call,
            "has a scale or zero point that depends on the model's input: dynamic quantization is "
            "not supported",
            "Quantize the model statically, with calibration data.",
        )
    return float(to.constants.array(value).reshape(-1)[0])


def reject_per_channel(to: Translation, call: Any) -> None:
    """Refuse activations with a scale for each channel."""
    to.reject(call, "quantizes activations per channel, which is not supported", _ACTIVATIONS)


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "heepstor.quantize.default": add_quantize,
    "quantized_decomposed.quantize_per_tensor.default": add_quantize,
    "quantized_decomposed.quantize_per_tensor.tensor": add_quantize,
    "quantized_decomposed.dequantize_per_tensor.default": add_dequantize,
    "quantized_decomposed.dequantize_per_tensor.tensor": add_dequantize,
    "quantized_decomposed.quantize_per_channel.default": reject_per_channel,
    "quantized_decomposed.dequantize_per_channel.default": reject_per_channel,
}
"""Operator -> the function that adds it."""
