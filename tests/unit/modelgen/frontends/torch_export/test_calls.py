"""Calls of an exported program: their layer and their line."""

from __future__ import annotations

import torch
from torch import nn

from tests.support.refused import check_message


def test_unsupported_function_gives_its_line() -> None:
    class Tanh(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.tanh(x)

    check_message(Tanh(), (4,), "Layer 'tanh'", "aten.tanh", "test_calls.py", "torch.tanh(x)")
