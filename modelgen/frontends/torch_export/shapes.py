"""Import of operators that give values another shape or order, and move them only if they must."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from modelgen.frontends.torch_export.broadcasting import add_mask_of
from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.embedding import are_ids
from modelgen.frontends.torch_export.layouts import for_reshape, relabelled
from modelgen.frontends.torch_export.translation import Translation

_RESHAPES = (
    "aten.flatten.using_ints",
    "aten.view.default",
    "aten.reshape.default",
    "aten.reshape_as.default",
    "aten.squeeze.default",
    "aten.squeeze.dim",
    "aten.squeeze.dims",
    "aten.unsqueeze.default",
    "aten.unflatten.int",
    "aten.view_as.default",
)
_SAME = (
    "aten.contiguous.default",
    "aten.clone.default",
    "aten.alias.default",
    "aten.detach.default",
)


def add_reshape(to: Translation, call: Any) -> None:
    """Add a reshape, in the layout that moves the fewest values."""
    source = call.args[0]
    before, after = shape_of(source), shape_of(call)
    needed, result = for_reshape(before, after, to.layout(source))
    to.define(call, to.form(call, source, needed), result)


def add_alias(to: Translation, call: Any) -> None:
    """Add a call that returns its argument."""
    to.define_alias(call, call.args[0])


def add_part(to: Translation, call: Any) -> None:
    """Add one of the results of a call that has several."""
    source, index = call.args
    if not call.users:
        return
    if not to.knows((source, index)):
        to.reject(call, f"has several results, of which number {index + 1} is not supported")
    to.define_alias(call, (source, index))


def add_permute(to: Translation, call: Any) -> None:
    """Add a permutation, which only renames the dimensions: the values stay where they are."""
    _permute(to, call, arguments(call)["dims"])


def add_transpose(to: Translation, call: Any) -> None:
    """Add an exchange of two dimensions."""
    rank = len(shape_of(call))
    axes = list(range(rank))
    first, second = (axis % rank for axis in list(arguments(call).values())[1:])
    axes[first], axes[second] = axes[second], axes[first]
    _permute(to, call, axes)


def add_reversal(to: Translation, call: Any) -> None:
    """Add a transposition of a matrix: `.t()`, `.T`."""
    _permute(to, call, range(len(shape_of(call)))[::-1])


def add_matrix_transpose(to: Translation, call: Any) -> None:
    """Add a transposition of the last two dimensions: `.mT`."""
    *rest, row, column = range(len(shape_of(call)))
    _permute(to, call, [*rest, column, row])


def add_movement(to: Translation, call: Any) -> None:
    """Add a movement of dimensions to other positions."""
    rank = len(shape_of(call))
    given = arguments(call)
    sources, targets = (_several(given[name], rank) for name in ("source", "destination"))
    axes = [axis for axis in range(rank) if axis not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        axes.insert(target, source)
    _permute(to, call, axes)


def _several(axes: int | Sequence[int], rank: int) -> list[int]:
    return [axis % rank for axis in ([axes] if isinstance(axes, int) else axes)]


def _permute(to: Translation, call: Any, axes: Sequence[int]) -> None:
    source = call.args[0]
    rank = len(shape_of(source))
    tensor, layout = to.native(call, source)
    to.define(call, tensor, relabelled(layout, [axis % rank for axis in axes]))


_INTEGERS = {"torch.int32", "torch.int64"}
"""Types that have all integers that FP32 has, up to 2^24."""


def add_conversion(to: Translation, call: Any) -> None:
    """Add a conversion that keeps all values: all tensors are FP32, and masks have 0 and 1.

    Ids of embeddings stay as they are: an embedding takes their integer part.
    """
    before, after = (str(node.meta["val"].dtype) for node in (call.args[0], call))
    if after == "torch.bool" != before:
        add_mask_of(to, call)
        return
    is_exact = after in ("torch.float32", before) or before == "torch.bool"
    if not is_exact and not {before, after} <= _INTEGERS and not are_ids(call):
        to.reject(call, f"converts {before} to {after}; all tensors are FP32")
    add_alias(to, call)


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    **dict.fromkeys(_RESHAPES, add_reshape),
    **dict.fromkeys(_SAME, add_alias),
    "<built-in function getitem>": add_part,
    "aten.permute.default": add_permute,
    "aten.transpose.int": add_transpose,
    "aten.swapaxes.default": add_transpose,
    "aten.swapdims.default": add_transpose,
    "aten.t.default": add_reversal,
    "aten.numpy_T.default": add_reversal,
    "aten.mT.default": add_matrix_transpose,
    **{
        f"aten.{name}.{form}": add_movement
        for name in ("movedim", "moveaxis")
        for form in ("int", "intlist")
    },
    **{f"aten.to.{form}": add_conversion for form in ("dtype", "dtype_layout", "device", "other")},
    "aten.type_as.default": add_conversion,
}
"""ATen operator -> the function that adds it."""
