"""Attention: the function and its masks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention as attention

from tests.support.refused import check_message
from tests.support.same import Function, check_same

HEADS = (2, 5, 8)
HIDDEN = torch.ones(5, 5).tril().bool()
BIAS = torch.linspace(-1, 1, 25).reshape(5, 5)

FUNCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "plain": lambda x: attention(x, x + 1, -x),
    "scale": lambda x: attention(x, x, x, scale=0.25),
    "causal": lambda x: attention(x, x, x, is_causal=True),
    "boolean-mask": lambda x: attention(x, x, x, attn_mask=HIDDEN),
    "additive-mask": lambda x: attention(x, x, x, attn_mask=BIAS),
    "mask-of-the-input": lambda x: attention(x, x, x, attn_mask=x @ x.mT),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_each_function(function: Callable[[torch.Tensor], torch.Tensor]) -> None:
    check_same(Function(function), batch=2, shape=HEADS)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: attention(x, x, x, dropout_p=0.5), "drops attention weights"),
        (lambda x: attention(x, x, x, attn_mask=x @ x.mT > 0), "boolean mask that depends"),
        (
            lambda x: attention(x, x.mean(1, True), x.mean(1, True), enable_gqa=True),
            "fewer heads of keys",
        ),
    ],
)
def test_what_is_refused(function: object, message: str) -> None:
    check_message(Function(function), (2, 5, 8), message)
