"""The graph in the making: names, constants, the output."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from tests.support.refused import check_message


def test_several_inputs_or_outputs() -> None:
    class Two(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return torch.relu(x), torch.relu(x)

    check_message(Two(), (4,), "returns 2 values")


def test_maps_without_the_batch() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Conv2d(1, 2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x.reshape(5, 1, 1, 1))

    check_message(Mixed(), (5,), "5x2x1x1", "not one result for each of the 1 inputs")


def test_half_precision_weights_become_fp32() -> None:
    model = nn.Linear(4, 2)
    model.weight.data = model.weight.data.to(torch.float64)
    model.bias.data = model.bias.data.to(torch.float64)
    graph = import_model(model.float(), (4,), batch=1)
    assert graph.constants["weight"].dtype == np.float32
