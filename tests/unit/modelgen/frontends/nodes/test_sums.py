"""Running sums."""

from __future__ import annotations

import pytest
import torch

from modelgen.frontends.nodes.sums import sums_along


@pytest.mark.parametrize(
    ("exclusive", "backwards", "expected"),
    [
        (False, False, [1, 3, 6]),
        (True, False, [0, 1, 3]),
        (False, True, [6, 5, 3]),
        (True, True, [5, 3, 0]),
    ],
)
def test_sums(exclusive: bool, backwards: bool, expected: list[int]) -> None:
    x = torch.tensor([[1.0, 2.0, 3.0]])
    assert sums_along(x, 1, exclusive=exclusive, backwards=backwards).tolist() == [expected]
