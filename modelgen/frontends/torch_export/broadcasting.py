"""Import of arithmetic on two tensors, comparisons, and choices by a mask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.calls import arguments, in_type_of, shape_of
from modelgen.frontends.torch_export.layouts import (
    Layout,
    identity,
    laid_out,
    padded,
    without_leading,
)
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Binary, Expand, Select

Operand = Any
"""A node of the exported program, or a number."""


def add_binary(to: Translation, call: Any, kind: str, left: Operand, right: Operand) -> None:
    """Add a function of two operands, which are broadcast against each other."""
    layout = common_layout(to, call, (left, right))
    sources = [operand(to, call, source, layout) for source in (left, right)]
    to.define(call, to.apply(call, Binary(kind), *sources), layout)


def common_layout(to: Translation, call: Any, sources: Sequence[Operand]) -> Layout:
    """Return the layout of a call's result: that of its largest operand, which need not move."""
    rank = len(shape_of(call))
    moving = [source for source in sources if not is_fixed(to, source)]
    largest = max(moving, key=lambda source: int(np.prod(shape_of(source))))
    return padded(to.layout(largest), rank)


def is_fixed(to: Translation, source: Operand) -> bool:
    """Return whether an operand is a number or a constant."""
    return not hasattr(source, "meta") or source in to.constants


def fixed_values(to: Translation, source: Operand) -> np.ndarray:
    """Return a number or a constant, in FP64 and PyTorch's order."""
    values = to.constants.array(source) if hasattr(source, "meta") else source
    return np.asarray(values, np.float64)


def operand(to: Translation, call: Any, source: Operand, layout: Layout) -> str:
    """Return the tensor of an operand that is broadcast to a result in a layout.

    Its dimensions are the last ones of the layout, or all of them.
    """
    if not hasattr(source, "meta"):
        number = np.full((1,) * len(layout), source, np.float32)
        return to.constant(f"{call.name}.operand", number)
    shape = shape_of(source)
    missing = len(layout) - len(shape)
    tensor = to.read(call, source, without_leading(layout, len(shape)))
    if layout[:missing] == identity(missing):
        return tensor
    return to.reshaped(call, tensor, laid_out((1,) * missing + shape, layout))


def _function(kind: str) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        add_binary(to, call, kind, call.args[0], call.args[1])

    return add


def _swapped(kind: str) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        add_binary(to, call, kind, call.args[1], call.args[0])

    return add


def add_inequality(to: Translation, call: Any) -> None:
    """Add a comparison that gives 1 where the operands differ."""
    _add_inequality(to, call, *call.args[:2])


def add_mask_of(to: Translation, call: Any) -> None:
    """Add a conversion to a mask: 1 where values are not 0."""
    _add_inequality(to, call, call.args[0], 0.0)


def _add_inequality(to: Translation, call: Any, left: Operand, right: Operand) -> None:
    layout = common_layout(to, call, (left, right))
    sources = [operand(to, call, source, layout) for source in (left, right)]
    equal = to.apply(call, Binary("equal"), *sources, name=f"{call.name}.equal")
    to.define(call, _negated(to, call, equal), layout)


def add_complement(to: Translation, call: Any) -> None:
    """Add a negation of a mask: `~`, which changes other bits of integers."""
    _check_masks(to, call)
    add_negation(to, call)


def add_negation(to: Translation, call: Any) -> None:
    """Add a logical negation: 1 where the operand is 0, else 0."""
    tensor, layout = to.native(call, call.args[0])
    to.define(call, _negated(to, call, tensor), layout)


def _negated(to: Translation, call: Any, tensor: str) -> str:
    rank = len(to.shape(tensor))
    zero = to.constant(f"{call.name}.zero", np.zeros((1,) * rank, np.float32))
    return to.apply(call, Binary("equal"), tensor, zero)


def add_prelu(to: Translation, call: Any) -> None:
    """Add a PReLU: the slope of each channel, or of all, where values are negative."""
    source, weight = call.args
    slopes = to.value(call, weight)
    layout = to.layout(source)
    rank = len(layout)
    shape = (1,) * rank if slopes.size == 1 else (1, slopes.size, *(1,) * (rank - 2))
    slope = to.constant(to.constants.name(weight), slopes.reshape(shape).transpose(layout))
    to.define(call, to.apply(call, Binary("prelu"), to.read(call, source, layout), slope), layout)


def add_choice(to: Translation, call: Any) -> None:
    """Add a choice between two operands by a mask: `torch.where`."""
    given = arguments(call)
    _choose(to, call, given["condition"], given["self"], given["other"])


def add_masked_fill(to: Translation, call: Any) -> None:
    """Add the replacement of values by a number where a mask is set."""
    given = arguments(call)
    source, mask, value = given["self"], given["mask"], given["value"]
    if is_fixed(to, mask) and is_fixed(to, value) and fixed_values(to, value) == -np.inf:
        add_mask(to, call, source, fixed_values(to, mask) != 0)
        return
    if not hasattr(value, "meta"):
        value = in_type_of(call, value)
    _choose(to, call, mask, value, source)


def add_mask(to: Translation, call: Any, source: Any, mask: np.ndarray) -> None:
    """Add minus infinity where a constant mask is set, as attention does."""
    layout = to.layout(source)
    shape = (1,) * (len(layout) - mask.ndim) + mask.shape
    values = np.where(mask, -np.inf, 0.0).reshape(shape).transpose(layout)
    other = to.constant(f"{call.name}.mask", values)
    to.define(call, to.apply(call, Binary("add"), to.read(call, source, layout), other), layout)


def _choose(to: Translation, call: Any, mask: Operand, chosen: Operand, other: Operand) -> None:
    layout = common_layout(to, call, (mask, chosen, other))
    sources = [_whole(to, call, source, layout) for source in (mask, chosen, other)]
    to.define(call, to.apply(call, Select(), *sources), layout)


def _whole(to: Translation, call: Any, source: Operand, layout: Layout) -> str:
    """Return the tensor of an operand in the shape of the result, or that of a single number."""
    shape = shape_of(call)
    if not is_fixed(to, source):
        tensor = operand(to, call, source, layout)
        wanted = laid_out(shape, layout)
        if to.shape(tensor) == wanted:
            return tensor
        missing = len(wanted) - len(to.shape(tensor))
        tensor = to.reshaped(call, tensor, (*[1] * missing, *to.shape(tensor)))
        return to.apply(call, Expand(wanted), tensor, name=f"{tensor}.expanded")
    values = fixed_values(to, source)
    if values.size == 1:
        return operand(to, call, source, layout)
    return to.constant(f"{call.name}.operand", np.broadcast_to(values, shape).transpose(layout))


def _triangle(of: Callable[[np.ndarray, int], np.ndarray]) -> Callable[[Translation, Any], None]:
    """Return what adds a choice of a triangle of matrices; the rest becomes 0."""

    def add(to: Translation, call: Any) -> None:
        source, layout = call.args[0], to.layout(call.args[0])
        chosen = of(np.ones(shape_of(call), np.float32), int(arguments(call)["diagonal"]))
        mask = to.constant(f"{call.name}.mask", chosen.transpose(layout))
        zero = operand(to, call, 0.0, layout)
        to.define(call, to.apply(call, Select(), mask, to.read(call, source, layout), zero), layout)

    return add


def add_one_hot(to: Translation, call: Any) -> None:
    """Add comparisons of ids with each class, along a new last dimension."""
    source, classes = call.args[0], int(arguments(call)["num_classes"])
    if classes < 0:
        to.reject(call, "must name the number of classes")
    layout = to.layout(source)
    ids = to.reshaped(call, to.read(call, source, layout), (*laid_out(shape_of(source), layout), 1))
    numbers = np.arange(classes, dtype=np.float32).reshape(*[1] * len(layout), classes)
    known = to.constant(f"{call.name}.classes", numbers)
    to.define(call, to.apply(call, Binary("equal"), ids, known), (*layout, len(layout)))


def _logical(kind: str) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        _check_masks(to, call)
        add_binary(to, call, kind, *call.args)

    return add


def _check_masks(to: Translation, call: Any) -> None:
    """Reject a call unless its operands are masks."""
    if any(str(node.meta["val"].dtype) != "torch.bool" for node in call.args):
        to.reject(call, "expects masks: the results of comparisons")


def _comparisons() -> Iterator[tuple[str, Callable[[Translation, Any], None]]]:
    names = {
        **dict.fromkeys(("lt", "less"), _function("less")),
        **dict.fromkeys(("le", "less_equal"), _function("less_equal")),
        **dict.fromkeys(("gt", "greater"), _swapped("less")),
        **dict.fromkeys(("ge", "greater_equal"), _swapped("less_equal")),
        "eq": _function("equal"),
        **dict.fromkeys(("ne", "not_equal"), add_inequality),
    }
    for name, add in names.items():
        yield f"aten.{name}.Tensor", add
        yield f"aten.{name}.Scalar", add


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.maximum.default": _function("maximum"),
    "aten.max.other": _function("maximum"),
    "aten.minimum.default": _function("minimum"),
    "aten.min.other": _function("minimum"),
    "aten.prelu.default": add_prelu,
    **dict(_comparisons()),
    "aten.one_hot.default": add_one_hot,
    "aten.tril.default": _triangle(np.tril),
    "aten.triu.default": _triangle(np.triu),
    "aten.logical_not.default": add_negation,
    "aten.bitwise_not.default": add_complement,
    **dict.fromkeys(
        ("aten.logical_and.default", "aten.bitwise_and.Tensor", "aten.__and__.Tensor"),
        _logical("minimum"),
    ),
    **dict.fromkeys(
        ("aten.logical_or.default", "aten.bitwise_or.Tensor", "aten.__or__.Tensor"),
        _logical("maximum"),
    ),
    **{
        f"aten.where.{form}": add_choice for form in ("self", "ScalarOther", "ScalarSelf", "Scalar")
    },
    **{
        f"aten.{name}.{form}": add_masked_fill
        for name in ("masked_fill", "masked_fill_")
        for form in ("Scalar", "Tensor")
    },
}
"""ATen operator -> the function that adds it."""
