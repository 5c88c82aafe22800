"""Import of scaled dot-product attention: two matrix products and a softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.broadcasting import fixed_values, is_fixed
from modelgen.frontends.torch_export.calls import arguments
from modelgen.frontends.torch_export.complaints import EVALUATION
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Binary, MatMul, Pointwise, Softmax


def add_attention(to: Translation, call: Any) -> None:
    """Add softmax(query @ key^T * scale + mask) @ value."""
    given = arguments(call)
    if given["dropout_p"] > 0:
        to.reject(call, "drops attention weights even in evaluation mode", EVALUATION)
    if given["enable_gqa"]:
        to.reject(call, "has fewer heads of keys than of queries (enable_gqa)")
    query, key, value = (to.read(call, given[name]) for name in ("query", "key", "value"))
    scaled = _scaled(to, call, query, given["scale"])
    scores = to.apply(call, MatMul(transposed=True), scaled, key, name=f"{call.name}.scores")
    masked = _masked(to, call, scores, given)
    weights = to.apply(call, Softmax(), masked, name=f"{call.name}.weights")
    to.define(call, to.apply(call, MatMul(), weights, value))


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
    is_boolean = str(mask.meta["val"].dtype) == "torch.bool"
    if not is_boolean:
        return to.read(call, mask)
    if not is_fixed(to, mask):
        to.reject(call, "has a boolean mask that depends on the model's input; add a mask of FP32")
    return _hidden(to, call, fixed_values(to, mask) == 0)


def _hidden(to: Translation, call: Any, where: np.ndarray) -> str:
    return to.constant(f"{call.name}.mask", np.where(where, -np.inf, 0.0))


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.scaled_dot_product_attention.default": add_attention,
}
"""ATen operator -> the function that adds it."""
