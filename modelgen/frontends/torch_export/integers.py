"""Constants of an exported program that it keeps as integers, and what they are arranged to.

weight = quantized_decomposed.dequantize_per_channel(integers, scales, zero_points, axis, ...)
aten.linear(x, aten.t(weight))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from modelgen.frontends.torch_export.calls import arguments
from modelgen.ir.integer_constants import IntegerConstant

if TYPE_CHECKING:
    import torch

PER_CHANNEL = "quantized_decomposed.dequantize_per_channel.default"
PER_TENSOR = (
    "quantized_decomposed.dequantize_per_tensor.default",
    "quantized_decomposed.dequantize_per_tensor.tensor",
)
_MOVES = {
    f"aten.{name}"
    for name in (
        *("t.default", "transpose.int", "permute.default", "numpy_T.default", "mT.default"),
        *("view.default", "reshape.default", "unsqueeze.default", "squeeze.default"),
        *("squeeze.dim", "squeeze.dims", "flatten.using_ints", "select.int", "slice.Tensor"),
        *("expand.default", "clone.default", "contiguous.default", "detach.default"),
        *("alias.default", "detach_.default"),
    )
}
"""Operators that only move the elements of their first argument."""


def integers_of(
    call: Any, values: Mapping[Any, torch.Tensor], known: Mapping[Any, IntegerConstant]
) -> IntegerConstant | None:
    """Return the integers of which a call's constant result is made, or None.

    Args:
        call: of the exported program.
        values: constant -> its value, of all that the call reads.
        known: constant -> the integers of which it is made.
    """
    name = str(call.target)
    if name in (PER_CHANNEL, *PER_TENSOR):
        return _dequantized(arguments(call), values)
    if name in _MOVES and call.args[0] in known:
        return known[call.args[0]].arranged(lambda array: _moved(call, array))
    return None


def _dequantized(given: dict[str, Any], values: Mapping[Any, torch.Tensor]) -> IntegerConstant:
    integers = values[given["input"]].to("cpu").numpy().astype(np.int64)
    scale, zero_point = (
        _array(given.get(one, given.get(several)), values)
        for one, several in (("scale", "scales"), ("zero_point", "zero_points"))
    )
    if "axis" in given:
        shape = [1] * integers.ndim
        shape[given["axis"]] = -1
        scale, zero_point = (
            each.reshape(shape) if each.size > 1 else each for each in (scale, zero_point)
        )
    return IntegerConstant(
        integers,
        np.broadcast_to(scale, integers.shape).astype(np.float32),
        np.broadcast_to(zero_point, integers.shape).astype(np.int64),
    )


def _array(value: Any, values: Mapping[Any, torch.Tensor]) -> np.ndarray:
    """Return a number, a constant, or 0 for None as an array."""
    found = values.get(value, value)
    return np.asarray(0 if found is None else found)


def _moved(call: Any, array: np.ndarray) -> np.ndarray:
    import torch

    result: np.ndarray = call.target(
        torch.from_numpy(np.ascontiguousarray(array)), *call.args[1:], **call.kwargs
    ).numpy()
    return result
