"""Import of operators on rows of features: linear layers, reshapes, softmax.

Each function takes the translation and one call of the exported program.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from modelgen.frontends.torch_export.calls import layer_name, shape_of
from modelgen.frontends.torch_export.tracing import shape_text
from modelgen.frontends.torch_export.translation import Translation
from modelgen.ir.channels_last import to_layout
from modelgen.operators import Argmax, Dropout, Linear, Permute, Reshape, Softmax

_AS_IN_TORCH = (0, 3, 1, 2)
"""Permutations from the device's order of dimensions to PyTorch's, and back."""
_AS_ON_DEVICE = (0, 2, 3, 1)
_RESHAPES = (
    "aten.flatten.using_ints",
    "aten.view.default",
    "aten.reshape.default",
    "aten.squeeze.default",
    "aten.squeeze.dim",
    "aten.squeeze.dims",
    "aten.unsqueeze.default",
    "aten.unflatten.int",
    "aten.contiguous.default",
    "aten.clone.default",
    "aten.alias.default",
    "aten.detach.default",
    "aten.view_as.default",
)


def add_linear(to: Translation, call: Any) -> None:
    """Add a linear layer, with its weights reordered if it reads flattened maps."""
    values = {**dict(zip(("weight", "bias"), call.args[1:], strict=False)), **call.kwargs}
    constants = to.constants(call, values)
    if to.value(call, values["weight"]).size == 0:
        to.reject(call, "has no weights: one of its sizes is zero")
    order, shape = to.order(call), shape_of(call.args[0])
    if len(shape) == 1 and to.batch > 1:
        to.reject_mixed_inputs(call, shape)
    if order is not None:
        constants["weight"] = to.reordered(call, constants["weight"], order)
    if len(shape_of(call)) == 4:
        _add_linear_on_maps(to, call, constants)
    else:
        to.add(call, Linear(), keep=None, constants=constants)


def _add_linear_on_maps(to: Translation, call: Any, constants: dict[str, str]) -> None:
    """Add a linear layer over the columns of feature maps, which are not last on the device."""
    layer = layer_name(call)
    rows = _add_permutation(to, call, call.args[0], _AS_IN_TORCH, f"{layer}.columns_last")
    product = to.add(call, Linear(), rows, shape=shape_of(call), constants=constants)
    _add_permutation(to, call, product, _AS_ON_DEVICE, f"{layer}.channels_last")


def _add_permutation(
    to: Translation, call: Any, source: Any, axes: Sequence[int], name: str
) -> str:
    """Add a permutation of feature maps, or a reshape if it moves no values."""
    before = to.shape(call, source)
    shape = tuple(before[axis] for axis in axes)
    # Dimensions of size one can be anywhere.
    moved = [axis for axis in axes if before[axis] > 1]
    operator = Reshape(shape) if moved == sorted(moved) else Permute(tuple(axes))
    return to.add(call, operator, source, shape=shape, name=name)


def add_reshape(to: Translation, call: Any) -> None:
    """Add a reshape; flattened maps are tracked until a linear layer reads them."""
    before, after = shape_of(call.args[0]), shape_of(call)
    if after[:1] and after[0] % to.batch:
        to.reject_mixed_inputs(call, after)
    name = to.add(call, Reshape(to_layout(after)))
    order = to.flattened.pop(name, None) or _map_order(before)
    if len(after) == 4:
        if order != _map_order(after):
            to.reject_flattened_maps(call)
    elif order is not None:
        if after[1:] != (math.prod(order),):
            to.reject_flattened_maps(call)
        to.flattened[name] = order


def _map_order(shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return channels, rows, columns of maps whose order differs with the channels last."""
    channels, area = shape[1] if len(shape) == 4 else 1, math.prod(shape[2:])
    return shape[1:] if channels > 1 and area > 1 else None


def add_dropout(to: Translation, call: Any) -> None:
    """Add a dropout, which does nothing in evaluation mode."""
    if call.args[2] and call.args[1] > 0:
        to.reject(call, "drops values even in evaluation mode")
    to.add(call, Dropout())


def add_conversion(to: Translation, call: Any) -> None:
    """Add a conversion from FP32 to FP32, which does nothing."""
    kinds = [str(node.meta["val"].dtype) for node in (call.args[0], call)]
    if kinds != ["torch.float32"] * 2:
        to.reject(call, f"converts {kinds[0]} to {kinds[1]}; all tensors are FP32")
    add_reshape(to, call)


def add_softmax(to: Translation, call: Any) -> None:
    """Add a softmax over the dimension that is last on the device."""
    shape, axis = shape_of(call.args[0]), call.args[1]
    rank = len(shape)
    wanted = 1 if rank == 4 else rank - 1
    if rank < 2:
        to.reject(call, f"has an input of shape {shape_text(shape)}, without a batch")
    if axis % rank != wanted:
        supported = "1, the channels of feature maps," if rank == 4 else "the last"
        to.reject(call, f"works on dimension {axis} of {rank}; only {supported} is supported")
    to.add(call, Softmax())


def add_argmax(to: Translation, call: Any) -> None:
    """Add an argmax over classes."""
    rank = len(shape_of(call.args[0]))
    if rank != 2 or len(call.args) < 2 or call.args[1] is None or call.args[1] % rank != 1:
        to.reject(call, "must work on the last dimension of a two-dimensional input")
    classes = to.add(call, Argmax(), shape=shape_of(call)[:1], keep=False)
    if len(shape_of(call)) == rank:
        to.add(call, Reshape(shape_of(call)), classes)


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.linear.default": add_linear,
    "aten.softmax.int": add_softmax,
    "aten.argmax.default": add_argmax,
    "aten.dropout.default": add_dropout,
    "aten.dropout_.default": add_dropout,
    "aten.feature_dropout.default": add_dropout,
    "aten.feature_dropout_.default": add_dropout,
    "aten.to.dtype": add_conversion,
    **dict.fromkeys(_RESHAPES, add_reshape),
}
"""ATen operator -> the function that adds it."""
