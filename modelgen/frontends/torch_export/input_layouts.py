"""The layouts of a program's inputs: channels last where feature maps are what they are for."""

from __future__ import annotations

from typing import Any

from modelgen.frontends.torch_export.calls import has_fixed_shape, inputs_of, shape_of
from modelgen.frontends.torch_export.layouts import Layout, channels_last, identity

_ON_MAPS = ("conv", "pool", "batch_norm", "upsample", "pixel_")
"""Parts of the names of operators that need the channels last."""
_IN_ANY_ORDER = (
    *("aten.pad.", "aten.constant_pad", "aten.reflection_pad", "aten.replication_pad"),
    *("aten.slice.", "aten.narrow.", "aten.cat.", "aten.flip.", "aten.roll."),
)
"""Beginnings of the names of operators that change sizes, but not the meaning of dimensions."""


def layouts_of_inputs(program: Any) -> dict[Any, Layout]:
    """Return each input of an exported program with the layout that its first readers need."""
    return {node: _layout(node) for node in inputs_of(program)}


def _layout(node: Any) -> Layout:
    rank = len(shape_of(node))
    return channels_last(rank) if _is_for_maps(node) else identity(rank)


def _is_for_maps(node: Any) -> bool:
    """Return whether operators on feature maps read a value, directly or after others like it."""
    pending, seen = [node], {node}
    while pending:
        value = pending.pop()
        for user in value.users:
            if user.op != "call_function" or user in seen:
                continue
            seen.add(user)
            if any(part in str(user.target) for part in _ON_MAPS):
                return True
            if _is_alike(user, node):
                pending.append(user)
    return False


def _is_alike(user: Any, node: Any) -> bool:
    """Return whether the dimensions of a call's result mean the same as those of an input."""
    result = user.meta.get("val")
    same_shape = has_fixed_shape(result) and result.shape == node.meta["val"].shape
    return same_shape or str(user.target).startswith(_IN_ANY_ORDER)
