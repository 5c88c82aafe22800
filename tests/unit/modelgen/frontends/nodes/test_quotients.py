"""Quotients."""

from __future__ import annotations

import torch

from modelgen.frontends.nodes.quotients import quotient


def test_quotients_of_integers_are_integers() -> None:
    left, right = torch.tensor([7, -7, 6]), torch.tensor([2, 2, -3])
    assert quotient(left, right).tolist() == [3, -3, -2]
    assert quotient(left / 2, right).tolist() == [1.75, -1.75, -1.0]
