"""Linear layers, softmax and argmax over any dimension, dropout."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from tests.support.refused import check_message
from tests.support.same import Function, check_same


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


@pytest.mark.parametrize("axis", range(4))
def test_softmax_over_each_dimension(axis: int) -> None:
    check_same(nn.Sequential(nn.Conv2d(4, 5, 3), nn.Softmax(axis)), batch=2)
    check_same(nn.Sequential(nn.Conv2d(4, 5, 3), nn.LogSoftmax(axis)), batch=2)


@pytest.mark.parametrize("axis", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("keepdim", [False, True])
def test_argmax_over_each_dimension(axis: int | None, *, keepdim: bool) -> None:
    if axis is not None or not keepdim:
        model = Function(lambda x: x.argmax(axis, keepdim) if axis is not None else x.argmax())
        check_same(model, batch=1, shape=(2, 3, 4))


def test_linear_over_the_last_dimension_of_anything() -> None:
    check_same(nn.Linear(9, 3), batch=2)
    check_same(nn.Sequential(nn.Conv2d(4, 2, 1), nn.Linear(9, 3)), batch=2)
    layer = nn.Linear(12, 5)
    check_same(Function(lambda x: layer(x.transpose(2, 3))), batch=2)


def test_inputs_of_a_batch_in_one_row() -> None:
    check_same(Function(lambda x: torch.relu(x.view(1, 8))), batch=2, shape=(4,))
    layer = nn.Linear(8, 6)
    check_same(Function(lambda x: layer(x.view(-1))), batch=2, shape=(4,))


def test_dropout_that_is_always_on() -> None:
    noisy = Function(lambda x: nn.functional.dropout(x, 0.5))
    check_message(noisy, (4,), "Function dropout", "even in evaluation mode")
