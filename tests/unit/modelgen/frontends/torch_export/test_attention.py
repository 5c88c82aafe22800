"""Attention: the function, its masks, and the layers that use it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
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


class SelfAttention(nn.Module):
    def __init__(self, **options: object) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.options = options

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x, x, x, **self.options)[0]


@pytest.mark.parametrize("needs_weights", [True, False])
def test_multi_head_attention(needs_weights: bool) -> None:
    check_same(SelfAttention(need_weights=needs_weights), batch=2, shape=(5, 16))


def test_multi_head_attention_with_a_mask() -> None:
    model = SelfAttention(attn_mask=~HIDDEN, need_weights=False)
    check_same(model, batch=2, shape=(5, 16))


@pytest.mark.parametrize("first", [True, False])
def test_an_encoder_layer(first: bool) -> None:
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=first)
    check_same(layer, batch=2, shape=(5, 16))


SOME_HIDDEN = torch.tensor([[False] * 3, [True] * 3, [True, False, True]])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: attention(x, x, x, attn_mask=x @ x.mT > 0),
        lambda x: attention(x, x, x, attn_mask=x[:, :1, :1, :3] > 0.5),
        lambda x: attention(x, x, x, attn_mask=(x @ x.mT > 0) & SOME_HIDDEN),
        lambda x: attention(x, x, x, attn_mask=SOME_HIDDEN),
        lambda x: attention(x, x, x, attn_mask=torch.where(SOME_HIDDEN, 0.5, -torch.inf)),
    ],
)
def test_masks_that_leave_nothing_to_attend_to(function: Callable) -> None:
    """The attention is 0 there, although a softmax over nothing is not a number."""
    graph = check_same(Function(function), batch=2, shape=(2, 3, 8))
    assert "select" in {node.operator.name for node in graph.nodes}


def test_heads_that_share_keys() -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        return attention(x, x[:, :2], x[:, 2:4] + 1, enable_gqa=True)

    check_same(Function(function), batch=2, shape=(4, 5, 8))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: attention(x, x, x, dropout_p=0.5), "drops attention weights"),
    ],
)
def test_what_is_refused(function: object, message: str) -> None:
    check_message(Function(function), (2, 5, 8), message)
