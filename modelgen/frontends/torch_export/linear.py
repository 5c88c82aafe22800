"""Import of operators on rows: linear layers, softmax, argmax; and dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.complaints import EVALUATION
from modelgen.frontends.torch_export.layouts import Layout, identity
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Argmax, Dropout, Linear, Softmax


def add_linear(to: Translation, call: Any) -> None:
    """Add a linear layer over the last dimension."""
    given = arguments(call)
    if to.value(call, given["weight"]).size == 0:
        to.reject(call, "has no weights: one of its sizes is zero")
    roles = to.parameters(call, {role: given[role] for role in ("weight", "bias")})
    for role in ("weight", "bias"):
        roles |= to.add_integers(call, role, given[role])
    tensor, layout = _with_last_dimension_last(to, call, given["input"])
    to.define(call, to.apply(call, Linear(), tensor, roles=roles), layout)


def _with_last_dimension_last(to: Translation, call: Any, source: Any) -> tuple[str, Layout]:
    """Return a form of a value in which its last dimension is last, and its layout."""
    shape = shape_of(source)
    layout = to.layout(source)
    if layout[-1:] != (len(shape) - 1,):
        layout = identity(len(shape))
    tensor = to.form(call, source, layout)
    if to.shape(tensor)[-1:] != shape[-1:]:
        tensor = to.read(call, source, layout)
    return tensor, layout


def with_last(layout: Layout, axis: int) -> Layout:
    """Return a layout with one dimension moved to the end."""
    return (*(other for other in layout if other != axis), axis)


def add_softmax(to: Translation, call: Any) -> None:
    """Add a softmax, or its logarithm, over any dimension, which is last on the device."""
    source = call.args[0]
    rank = len(shape_of(source))
    layout = with_last(to.layout(source), arguments(call)["dim"] % max(rank, 1)) if rank else ()
    tensor = to.read(call, source, layout)
    to.define(call, to.apply(call, Softmax("log_softmax" in str(call.target)), tensor), layout)


def add_argmax(to: Translation, call: Any) -> None:
    """Add the index of the largest value along a dimension, or of all values."""
    given = arguments(call)
    source, axis = given["self"], given["dim"]
    rank = len(shape_of(source))
    if axis is None:
        tensor = to.read(call, source)
        size = len_of(to, tensor)
        rows = to.reshaped(call, tensor, (1, size))
        to.define(call, to.apply(call, Argmax(), rows))
        return
    layout = with_last(to.layout(source), axis % max(rank, 1)) if rank else ()
    result = to.apply(call, Argmax(), to.read(call, source, layout))
    dropped = tuple(other - (other > layout[-1]) for other in layout[:-1])
    to.define(call, result, layout if given["keepdim"] else dropped)


def len_of(to: Translation, tensor: str) -> int:
    """Return a tensor's number of elements."""
    total = 1
    for size in to.shape(tensor):
        total *= size
    return total


def add_dropout(to: Translation, call: Any) -> None:
    """Add a dropout, which does nothing in evaluation mode."""
    given = arguments(call)
    if given["train"] and given["p"] > 0:
        to.reject(call, "drops values even in evaluation mode", EVALUATION)
    to.elementwise(call, Dropout())


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.linear.default": add_linear,
    "aten.softmax.int": add_softmax,
    "aten.log_softmax.int": add_softmax,
    "aten.argmax.default": add_argmax,
    "aten.dropout.default": add_dropout,
    "aten.dropout_.default": add_dropout,
    "aten.feature_dropout.default": add_dropout,
    "aten.feature_dropout_.default": add_dropout,
}
"""ATen operator -> the function that adds it."""
