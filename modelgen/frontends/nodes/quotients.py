"""Quotients."""

from __future__ import annotations

import torch
from torch import Tensor


def quotient(left: Tensor, right: Tensor) -> Tensor:
    """Return a quotient; that of integers is rounded towards zero."""
    if left.is_floating_point() or right.is_floating_point():
        return torch.div(left, right)
    return torch.div(left, right, rounding_mode="trunc")
