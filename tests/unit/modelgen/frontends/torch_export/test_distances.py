"""Distances and similarities of pairs of vectors, in any layout."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.functional import cosine_similarity, pairwise_distance

from tests.support.refused import check_message
from tests.support.same import Function, check_same


@pytest.mark.parametrize(
    "function",
    [
        lambda x: cosine_similarity(x, torch.relu(x)),
        lambda x: cosine_similarity(x, x.flip(2) + 1, dim=-1, eps=4.0),
        lambda x: cosine_similarity(x, x * 0, dim=2),
        lambda x: pairwise_distance(x, torch.relu(x), eps=0.25),
        lambda x: pairwise_distance(x, x + 1, keepdim=True),
        lambda x: nn.CosineSimilarity(2)(x, x + 1),
    ],
)
@pytest.mark.parametrize("conv", [False, True])
def test_each(function: object, *, conv: bool) -> None:
    before = nn.Conv2d(4, 4, 3, padding=1) if conv else nn.Identity()
    check_same(Function(lambda x: function(before(x))), batch=2)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: pairwise_distance(x, x, p=1), "of order 1; only 2 is supported"),
        (lambda x: pairwise_distance(x, x[:, :1]), "tensors of different shapes"),
    ],
)
def test_refusals(function: Callable, reason: str) -> None:
    check_message(Function(function), (4, 12, 9), reason)
