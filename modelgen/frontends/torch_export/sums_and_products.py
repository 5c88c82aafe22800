"""Import of sums, differences, products and quotients, of tensors, constants and numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.broadcasting import (
    Operand,
    add_binary,
    common_layout,
    fixed_values,
    is_fixed,
    operand,
)
from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.layouts import Layout, channels_last
from modelgen.frontends.torch_export.selection import sliced
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Binary, Elementwise, Pointwise
from modelgen.operators.epilogue import Epilogue

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class _Affine:
    """`x * factor + constant`."""

    source: Any
    """x, a node of the exported program."""
    factor: np.ndarray
    """FP64, broadcast against x in PyTorch's order."""
    constant: np.ndarray


def _arithmetic(kind: str) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        given = arguments(call)
        _add(to, call, kind, given["self"], given["other"], float(given.get("alpha", 1)))

    return add


def add_difference_from(to: Translation, call: Any) -> None:
    """Add the second operand minus the first, or minus a multiple of it."""
    given = arguments(call)
    _add(to, call, "subtract", given["other"], given["self"], float(given["alpha"]))


def add_sum_with_product(to: Translation, call: Any) -> None:
    """Add `input + value * first * second`: addcmul."""
    given = arguments(call)
    first, second, value = given["tensor1"], given["tensor2"], float(given["value"])
    if is_fixed(to, first):
        first, second = second, first
    if is_fixed(to, second) and is_fixed(to, given["self"]) and not is_fixed(to, first):
        factor, constant = value * fixed_values(to, second), fixed_values(to, given["self"])
        if _add_affine(to, call, _Affine(first, factor, constant)):
            return
    layout = common_layout(to, call, (given["self"], first, second))
    other, product, *factors = (
        operand(to, call, source, layout) for source in (given["self"], value, first, second)
    )
    for tensor in factors:
        name = f"{call.name}.product"
        product = to.apply(call, Binary("multiply"), product, tensor, name=name)
    to.define(call, to.apply(call, Binary("add"), product, other), layout)


def add_gated(to: Translation, call: Any) -> None:
    """Add the first half of a dimension times the sigmoid of the second half: GLU."""
    source = call.args[0]
    axis = int(arguments(call)["dim"]) % len(shape_of(source))
    size = shape_of(call)[axis]
    value, gate = (sliced(to, call, source, {axis: (start, size, 1)}) for start in (0, size))
    opened = to.apply(call, Elementwise("sigmoid"), gate, name=f"{call.name}.gate")
    to.define(call, to.apply(call, Binary("multiply"), value, opened), to.layout(source))


def add_negation(to: Translation, call: Any) -> None:
    """Add a negation."""
    _add_affine(to, call, _Affine(call.args[0], np.array(-1.0), np.array(0.0)))


def _add(
    to: Translation, call: Any, kind: str, left: Operand, right: Operand, alpha: float
) -> None:
    """Add `left` and `alpha * right` with the function `kind` between them."""
    if kind == "add" and alpha != 0.0 and str(call.meta["val"].dtype) == "torch.bool":
        # The sum of two masks is a mask: whether either is set.
        add_binary(to, call, "maximum", left, right)
        return
    affine = _as_affine(to, call, kind, left, right, alpha)
    if affine is not None and _add_affine(to, call, affine):
        return
    if kind in ("add", "subtract") and affine is None and shape_of(left) == shape_of(right):
        _add_sum(to, call, left, right, alpha if kind == "add" else -alpha)
        return
    if alpha != 1.0:
        to.reject(call, "adds a multiple (alpha) of a tensor of another shape")
    add_binary(to, call, kind, left, right)


def _as_affine(
    to: Translation, call: Any, kind: str, left: Operand, right: Operand, alpha: float
) -> _Affine | None:
    """Return what a call computes if one of its operands is a number or a constant."""
    one, zero = np.array(1.0), np.array(0.0)
    if is_fixed(to, right):
        values = fixed_values(to, right)
        if kind == "divide":
            if (values == 0.0).any():
                to.reject(call, "divides by zero")
            return _Affine(left, 1.0 / values, zero)
        if kind == "multiply":
            return _Affine(left, values, zero)
        return _Affine(left, one, alpha * values if kind == "add" else -alpha * values)
    if not is_fixed(to, left) or kind == "divide":
        return None
    values = fixed_values(to, left)
    if kind == "multiply":
        return _Affine(right, values, zero)
    return _Affine(right, np.array(alpha if kind == "add" else -alpha), values)


def _add_affine(to: Translation, call: Any, affine: _Affine) -> bool:
    """Add a scale and bias of each channel; return whether they are no more than that."""
    factor, constant = np.broadcast_arrays(affine.factor, affine.constant)
    if shape_of(affine.source) != shape_of(call):
        return False
    form = _with_channels_last(to, call, affine.source, factor.shape)
    if form is None:
        return False
    tensor, layout = form
    channels = to.shape(tensor)[-1:] or (1,)
    scale, bias = (np.broadcast_to(part.reshape(-1), channels) for part in (factor, constant))
    for number in (*scale, *bias):
        if not abs(number) <= _LARGEST:
            to.reject(call, f"computes with {number:g}, which is not a finite FP32 number")
    roles = to.add_roles(call, scale=scale.astype(np.float32), bias=bias.astype(np.float32))
    to.define(call, to.apply(call, Pointwise(), tensor, roles=roles), layout)
    return True


def _with_channels_last(
    to: Translation, call: Any, source: Any, shape: tuple[int, ...]
) -> tuple[str, Layout] | None:
    """Return a tensor whose last dimension is the one along which factors of a shape differ.

    None if that moves values, except for the channels of feature maps, which are last wherever the
    engine computes.
    """
    rank = len(shape_of(source))
    axes = [axis + rank - len(shape) for axis, size in enumerate(shape) if size > 1]
    if not axes:
        return to.native(call, source)
    layout = to.layout(source)
    if axes == [1] and rank > 2:
        layout = channels_last(rank)
    return (to.read(call, source, layout), layout) if layout[-1:] == tuple(axes) else None


def _add_sum(to: Translation, call: Any, left: Any, right: Any, factor: float) -> None:
    """Add `left + factor * right`, of two tensors of the same shape."""
    (first, second), layout = to.alike(call, (left, right))
    operator = Pointwise(Epilogue(residual=True))
    if factor == 1.0:
        to.define(call, to.apply(call, operator, first, second), layout)
        return
    channels = to.shape(second)[-1:] or (1,)
    scale, bias = np.full(channels, factor, np.float32), np.zeros(channels, np.float32)
    roles = to.add_roles(call, scale=scale, bias=bias)
    to.define(call, to.apply(call, operator, second, first, roles=roles), layout)


_KINDS = {
    "add": "add",
    "sub": "subtract",
    "subtract": "subtract",
    "mul": "multiply",
    "multiply": "multiply",
    "div": "divide",
    "divide": "divide",
    "true_divide": "divide",
}
OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    **{f"aten.{name}.Tensor": _arithmetic(kind) for name, kind in _KINDS.items()},
    **{f"aten.{name}_.Tensor": _arithmetic(kind) for name, kind in _KINDS.items()},
    "aten.rsub.Scalar": add_difference_from,
    "aten.rsub.Tensor": add_difference_from,
    "aten.addcmul.default": add_sum_with_product,
    "aten.glu.default": add_gated,
    "aten.neg.default": add_negation,
    "aten.neg_.default": add_negation,
}
"""ATen operator -> the function that adds it."""
