"""The layouts of inputs: for feature maps, and for what only looks like them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.input_layouts import layouts_of_inputs
from tests.support.same import Function


@pytest.mark.parametrize(
    ("model", "shape", "layout"),
    [
        (nn.Conv2d(3, 2, 1), (1, 3, 4, 5), (0, 2, 3, 1)),
        (nn.Sequential(nn.ReLU(), nn.ReLU(), nn.MaxPool2d(2)), (1, 3, 4, 5), (0, 2, 3, 1)),
        (nn.Conv1d(3, 2, 1), (1, 3, 4), (0, 2, 1)),
        (nn.Conv2d(3, 2, 3, padding=1, padding_mode="reflect"), (1, 3, 4, 5), (0, 2, 3, 1)),
        (Function(lambda x: nn.functional.max_pool2d(x[:, :2], 2)), (1, 3, 4, 5), (0, 2, 3, 1)),
        (nn.Linear(5, 2), (1, 3, 4, 5), (0, 1, 2, 3)),
        (Function(lambda x: nn.functional.relu(x.flatten(1))), (1, 3, 4, 5), (0, 1, 2, 3)),
        (nn.Linear(5, 2), (1, 5), (0, 1)),
    ],
)
def test_layouts(model: nn.Module, shape: tuple[int, ...], layout: tuple[int, ...]) -> None:
    program = torch.export.export(model, (torch.zeros(shape),))
    assert list(layouts_of_inputs(program).values()) == [layout]
