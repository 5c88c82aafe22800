"""Import of scaled dot-product attention: two matrix products and a softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.broadcasting import fixed_values, is_fixed
from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.complaints import EVALUATION
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import (
    Binary,
    Expand,
    MatMul,
    Pointwise,
    Select,
    Softmax,
    Take,
)


def add_attention(to: Translation, call: Any) -> None:
    """Add softmax(query @ key^T * scale + mask) @ value."""
    given = arguments(call)
    if given["dropout_p"] > 0:
        to.reject(call, "drops attention weights even in evaluation mode", EVALUATION)
    query, key, value = (to.read(call, given[name]) for name in ("query", "key", "value"))
    if given["enable_gqa"]:
        key, value = (_for_each_head(to, call, tensor, query) for tensor in (key, value))
    scaled = _scaled(to, call, query, given["scale"])
    scores = to.apply(call, MatMul(transposed=True), scaled, key, name=f"{call.name}.scores")
    masked = _masked(to, call, scores, given)
    weights = to.apply(call, Softmax(), masked, name=f"{call.name}.weights")
    visible = _visible(to, call, to.shape(weights), given["attn_mask"])
    if visible is not None:
        zero = to.constant(f"{call.name}.zero", np.zeros(1))
        weights = to.apply(call, Select(), visible, weights, zero, name=f"{call.name}.seen")
    to.define(call, to.apply(call, MatMul(), weights, value))


def _for_each_head(to: Translation, call: Any, tensor: str, query: str) -> str:
    """Return keys or values with as many heads as the query, several of which share one."""
    *batch, heads, _, _ = to.shape(tensor)
    count = to.shape(query)[-3] // heads
    indices = tuple(head for head in range(heads) for _ in range(count))
    repeat = Take((len(batch),), (indices,), "repeat interleave")
    return to.apply(call, repeat, tensor, name=f"{tensor}.heads")


def _visible(to: Translation, call: Any, shape: tuple[int, ...], mask: Any) -> str | None:
    """Return where weights are not 0, or None if each query has something to attend to.

    Without anything to attend to, a softmax gives NaN, and the attention of PyTorch 0.
    """
    if mask is None:
        return None
    if is_fixed(to, mask):
        nothing = -np.inf if not _is_boolean(mask) else 0.0
        some = (fixed_values(to, mask) != nothing).any(axis=-1, keepdims=True)
        if some.all():
            return None
        return to.constant(f"{call.name}.visible", np.broadcast_to(some, shape))
    if not _is_boolean(mask):
        return None
    added = (1,) * (len(shape) - len(shape_of(mask)))
    visible = to.reshaped(call, to.read(call, mask), (*added, *shape_of(mask)))
    if to.shape(visible) == shape:
        return visible
    return to.apply(call, Expand(shape), visible, name=f"{call.name}.visible")


def _is_boolean(mask: Any) -> bool:
    return str(mask.meta["val"].dtype) == "torch.bool"


def _scaled(to: Translation, call: Any, query: str, scale: float | None) -> str:
    """Return the query times the scale, by default 1 / sqrt(width)."""
    width = to.shape(query)[-1]
    factor = width**-0.5 if scale is None else float(scale)
    values = np.full(width, factor, np.float32)
    roles = to.add_roles(call, scale=values, bias=np.zeros(width, np.float32))
    return to.apply(call, Pointwise(), query, name=f"{call.name}.scaled", roles=roles)


def _masked(to: Translation, call: Any, scores: str, given: dict[str, Any]) -> str:
    """Return the scores plus the mask, which is minus infinity where nothing is attended to."""
    mask = _mask(to, call, to.shape(scores), given)
    if mask is None:
        return scores
    return to.apply(call, Binary("add"), scores, mask, name=f"{call.name}.masked")


def _mask(to: Translation, call: Any, shape: tuple[int, ...], given: dict[str, Any]) -> str | None:
    mask = given["attn_mask"]
    if given["is_causal"]:
        return _hidden(to, call, np.tri(shape[-2], shape[-1]) == 0)
    if mask is None:
        return None
    if not _is_boolean(mask):
        return to.read(call, mask)
    if not is_fixed(to, mask):
        numbers = (to.constant(f"{call.name}.{value}", np.full(1, value)) for value in (0, -np.inf))
        return to.apply(call, Select(), to.read(call, mask), *numbers, name=f"{call.name}.mask")
    return _hidden(to, call, fixed_values(to, mask) == 0)


def _hidden(to: Translation, call: Any, where: np.ndarray) -> str:
    return to.constant(f"{call.name}.mask", np.where(where, -np.inf, 0.0))


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.scaled_dot_product_attention.default": add_attention,
}
"""ATen operator -> the function that adds it."""
