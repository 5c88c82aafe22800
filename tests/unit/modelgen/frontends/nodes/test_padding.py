"""Padding with values of the tensor."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.frontends.nodes.node import RefusedError
from modelgen.frontends.nodes.padding import from_inside


@pytest.mark.parametrize("mode", ["reflect", "symmetric", "edge", "wrap"])
@pytest.mark.parametrize(
    ("before", "after"),
    [((0, 0, 2, 1), (0, 0, 0, 3)), ((0, 1, 0, 0), (0, 1, 0, 0)), ((0, 0, 9, 0), (0, 0, 9, 0))],
)
def test_modes(mode: str, before: tuple[int, ...], after: tuple[int, ...]) -> None:
    x = torch.randn(1, 2, 4, 5)
    pairs = list(zip(before, after, strict=True))
    expected = np.pad(x.numpy(), pairs, mode=mode)  # type: ignore[call-overload]
    np.testing.assert_array_equal(from_inside(x, before, after, mode), expected)


def test_gigantic_padding_is_refused() -> None:
    with pytest.raises(RefusedError, match="gives the shape 1099511627780x5"):
        from_inside(torch.zeros(4, 5), (1 << 40, 0), (0, 0), "wrap")
