"""Windows of a dimension and patches of feature maps, in any layout."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn
from torch.nn.functional import unfold

from tests.support.refused import check_message
from tests.support.same import Function, check_same


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.unfold(2, 4, 3),
        lambda x: x.unfold(1, 2, 1).unfold(3, 3, 3),
        lambda x: unfold(x, 3),
        lambda x: unfold(x, (2, 3), dilation=(3, 1), padding=(1, 2), stride=(2, 4)),
        lambda x: unfold(x, 4, stride=4).transpose(1, 2),
    ],
)
@pytest.mark.parametrize("conv", [False, True])
def test_each(function: Callable, *, conv: bool) -> None:
    before = [nn.Conv2d(4, 4, 3, padding=1)] if conv else []
    check_same(nn.Sequential(*before, Function(function)), batch=2)


def test_patches_without_a_batch() -> None:
    check_message(Function(lambda x: unfold(x, 2)), (5, 6), "must have a batch of feature maps")
