"""Transposed convolutions that cut off any number of elements."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from modelgen.frontends.nodes.convolution import transposed
from modelgen.frontends.nodes.node import RefusedError
from modelgen.frontends.nodes.windows import Window

X, WEIGHT = torch.randn(1, 2, 5), torch.randn(2, 3, 4)


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(-1, 4))
def test_any_number_of_elements_is_cut_off(before: int, after: int) -> None:
    whole = F.conv_transpose1d(X, WEIGHT, None, 2, output_padding=1)
    window = Window((4,), (2,), (1,), (before,), (after,))
    expected = whole[..., before : whole.shape[-1] - 1 - after]
    assert torch.equal(transposed(X, WEIGHT, None, window, 1), expected)


def test_not_any_number_is_added() -> None:
    with pytest.raises(RefusedError, match="adds 2 elements at the end of a dimension; at most 1"):
        transposed(X, WEIGHT, None, Window((4,), (2,), (1,), (0,), (-2,)), 1)
