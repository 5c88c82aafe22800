"""Import of matrix products: with constants they are linear layers, else both are activations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.broadcasting import fixed_values, is_fixed
from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.layouts import Layout, identity
from modelgen.frontends.torch_export.linear import with_last
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Binary, Linear, MatMul


def add_product(to: Translation, call: Any) -> None:
    """Add a product of matrices, of vectors, or of batches of them."""
    left, right = call.args[:2]
    if is_fixed(to, right) and len(shape_of(right)) <= 2:
        _add_linear(to, call, left, right)
    else:
        to.define(call, multiply(to, call, left, right))


def _add_linear(to: Translation, call: Any, source: Any, matrix: Any) -> None:
    """Add the product with a constant matrix (K, N), or vector (K,), as a linear layer."""

    def arrange(array: np.ndarray) -> np.ndarray:
        return array.reshape(len(array), -1).T

    weight = np.ascontiguousarray(arrange(fixed_values(to, matrix)), np.float32)
    layout = last_dimension_last(to.layout(source))
    tensor = to.read(call, source, layout)
    roles = to.add_roles(call, weight=weight) | to.add_integers(call, "weight", matrix, arrange)
    result = to.apply(call, Linear(), tensor, roles=roles)
    after = layout if len(shape_of(call)) == len(layout) else layout[:-1]
    to.define(call, result, after)


def last_dimension_last(layout: Layout) -> Layout:
    """Return a layout in which the last dimension is last."""
    rank = len(layout)
    return layout if layout[-1] == rank - 1 else identity(rank)


def multiply(to: Translation, call: Any, left: Any, right: Any, name: str | None = None) -> str:
    """Add the product of two activations; return it, in PyTorch's order.

    Vectors count as matrices of one row or column.
    """
    first = _left_matrices(to, call, left)
    second, transposed = _right_matrices(to, call, right)
    return to.apply(call, MatMul(transposed), first, second, name=name)


def _left_matrices(to: Translation, call: Any, source: Any) -> str:
    tensor = to.read(call, source)
    return (
        to.reshaped(call, tensor, (1, *shape_of(source))) if len(shape_of(source)) == 1 else tensor
    )


def _right_matrices(to: Translation, call: Any, source: Any) -> tuple[str, bool]:
    """Return the tensor of matrices, and whether it has them transposed."""
    shape = shape_of(source)
    if len(shape) == 1:
        return to.reshaped(call, to.read(call, source), (1, *shape)), True
    *batch, row, column = range(len(shape))
    layout = to.layout(source)
    # The dimension that is the inner one already remains so.
    transposed = layout.index(row) > layout.index(column)
    return to.read(call, source, (*batch, column, row) if transposed else None), transposed


def add_sum_with_product(to: Translation, call: Any) -> None:
    """Add `beta * input + alpha * (first @ second)`."""
    given = arguments(call)
    first, second = call.args[1:3]
    if is_fixed(to, second) and len(shape_of(second)) == 2 and is_fixed(to, given["self"]):
        _add_linear_with_bias(to, call, given, first, fixed_values(to, second))
        return
    if given["alpha"] != 1 or given["beta"] != 1:
        to.reject(call, "scales a product of activations (alpha, beta)")
    product = multiply(to, call, first, second, name=f"{call.name}.product")
    other = to.read(call, given["self"])
    shape = (1,) * (len(shape_of(call)) - len(to.shape(other))) + to.shape(other)
    result = to.apply(call, Binary("add"), product, to.reshaped(call, other, shape))
    to.define(call, result)


def _add_linear_with_bias(
    to: Translation, call: Any, given: dict[str, Any], source: Any, matrix: np.ndarray
) -> None:
    bias = given["beta"] * fixed_values(to, given["self"])
    weight = given["alpha"] * matrix.T
    if bias.ndim == 2 and len(bias) == 1:
        bias = bias[0]
    if bias.ndim > 1:
        to.reject(call, "adds a bias of each row to a linear layer")
    roles = to.add_roles(
        call,
        weight=np.ascontiguousarray(weight, np.float32),
        bias=np.broadcast_to(bias, len(weight)).astype(np.float32),
    )
    to.define(call, to.apply(call, Linear(), to.read(call, source), roles=roles))


def add_running_sum(to: Translation, call: Any) -> None:
    """Add sums of a dimension up to each element: products with a triangle of ones."""
    source = call.args[0]
    layout = with_last(to.layout(source), int(arguments(call)["dim"]) % len(shape_of(source)))
    tensor = to.read(call, source, layout)
    size = to.shape(tensor)[-1]
    if not source.meta["val"].dtype.is_floating_point:
        # Weights of the array have a scale, which rounds: the sums may be indices.
        rows = to.reshaped(call, tensor, (math.prod(to.shape(tensor)) // size, size))
        triangle = to.constant(f"{call.name}.triangle", np.tri(size))
        to.define(call, to.apply(call, MatMul(transposed=True), rows, triangle), layout)
        return
    roles = to.add_roles(call, weight=np.tri(size, dtype=np.float32))
    to.define(call, to.apply(call, Linear(), tensor, roles=roles), layout)


def add_einsum(to: Translation, call: Any) -> None:
    """Add a sum of products of two tensors, which is a product of batches of matrices."""
    given = arguments(call)
    equation, tensors = given["equation"].replace(" ", ""), given["tensors"]
    inputs, _, result = equation.partition("->")
    names = inputs.split(",")
    if not result or "." in equation or len(names) != 2 or not _is_product(names, result):
        to.reject(
            call,
            f"has the equation '{equation}'; only products of two tensors, in which "
            "each letter that is summed over is in both, are supported",
        )
    left, right = names
    batch = [n for n in result if n in left and n in right]
    rows, columns = ([n for n in result if n in side and n not in batch] for side in names)
    summed = [n for n in left if n not in result]
    orders = (batch, rows, summed), (batch, columns, summed)
    sources = [
        _as_matrices(to, call, tensor, name, order)
        for tensor, name, order in zip(tensors, names, orders, strict=True)
    ]
    product = to.apply(call, MatMul(transposed=True), *sources)
    to.define(call, product, tuple(result.index(n) for n in (*batch, *rows, *columns)))


def _is_product(names: list[str], result: str) -> bool:
    """Return whether no letter is repeated in a tensor, or summed over in one of them only."""
    alone = set(names[0]) ^ set(names[1])
    known = set(names[0]) | set(names[1])
    return all(len(set(name)) == len(name) for name in (*names, result)) and (
        alone <= set(result) <= known
    )


def _as_matrices(
    to: Translation, call: Any, source: Any, name: str, order: tuple[list[str], ...]
) -> str:
    """Return a tensor with its dimensions in the order of three groups, each as one dimension."""
    layout = tuple(name.index(n) for group in order for n in group)
    shape = shape_of(source)
    sizes = tuple(int(np.prod([shape[name.index(n)] for n in group])) for group in order)
    return to.reshaped(call, to.form(call, source, layout), sizes)


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    **{f"aten.{name}.default": add_product for name in ("matmul", "mm", "bmm", "mv", "dot")},
    "aten.cumsum.default": add_running_sum,
    "aten.einsum.default": add_einsum,
    **{f"aten.{name}.default": add_sum_with_product for name in ("addmm", "baddbmm")},
}
"""ATen operator -> the function that adds it."""
