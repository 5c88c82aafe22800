"""Operators on rows of features: what is imported, and what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from tests.support.refused import check_message


def test_linear_with_keywords_and_tensors_of_the_model() -> None:
    class Keywords(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("table", torch.ones(3, 5, dtype=torch.float64).to(torch.float32))
            self.offset = nn.Parameter(torch.zeros(3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.linear(x, weight=self.table, bias=self.offset)

    graph = import_model(Keywords(), (5,), batch=1)
    assert graph.nodes[0].constants == {"weight": "table", "bias": "offset"}


@pytest.mark.parametrize(
    ("shape", "layer", "parts"),
    [
        ((-1,), nn.Linear(8, 3), ("Layer 'layer' (Linear)", "(shape 8)")),
        ((1, 8), nn.Linear(8, 3), ("Layer 'view'", "(shape 1x8)")),
        ((1, 8), nn.ReLU(), ("Layer 'view'", "(shape 1x8)")),
        ((1, 1, 4, 2), nn.Conv2d(1, 2, 2), ("Layer 'view'", "(shape 1x1x4x2)")),
    ],
)
def test_inputs_of_a_batch_in_one_row(
    shape: tuple[int, ...], layer: nn.Module, parts: tuple[str, ...]
) -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x.view(shape))

    reason = "puts values of several inputs of a batch of 2 into one row"
    check_message(Mixed(), (4,), reason, *parts, batch=2)


def test_several_rows_for_each_input_of_a_batch() -> None:
    class Rows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x.view(-1, 2)).flatten()

    graph = import_model(Rows(), (4,), batch=2)
    assert graph.tensors[graph.output].shape == (12,)


def test_softmax_over_another_dimension() -> None:
    check_message(nn.Softmax(dim=0), (4,), "dimension 0 of 2")
    check_message(nn.Sequential(nn.Flatten(0), nn.Softmax(0)), (4,), "shape 8, without", batch=2)


def test_dropout_that_is_always_on() -> None:
    class Noisy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.dropout(x, 0.5)

    check_message(Noisy(), (4,), "Layer 'dropout'", "even in evaluation mode")


def test_conversions() -> None:
    class Converts(nn.Module):
        def __init__(self, kind: torch.dtype) -> None:
            super().__init__()
            self.layer, self.kind = nn.Linear(4, 4), kind

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.layer(x.float()).to(self.kind))

    graph = import_model(Converts(torch.float32), (4,), batch=1)
    assert [node.operator.name for node in graph.nodes if node.operator.takes_time] == [
        "linear",
        "pointwise",
    ]
    message = "converts torch.float32 to torch.float64; all tensors are FP32"
    check_message(Converts(torch.float64), (4,), "Layer 'to_1'", message)


def test_dropout_of_channels_and_view_as() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dropout = nn.Dropout2d()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.dropout(x)).view_as(x)

    graph = import_model(Model(), (2, 3, 3), batch=1)
    assert [node.operator.name for node in graph.nodes] == ["dropout", "pointwise", "reshape"]
