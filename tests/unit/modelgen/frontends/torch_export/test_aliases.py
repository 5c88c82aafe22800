"""Views of a tensor that is changed in place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph
from tests.support.refused import check_message
from tests.support.same import check_same


class InPlace(nn.Module):
    """Changes one view of a tensor, and returns what a function makes of it."""

    def __init__(self, changed: Callable, read: Callable) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.changed, self.read = changed, read

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layer(x)
        view = self.changed(y)
        return self.read(y, torch.relu_(view))


@pytest.mark.parametrize(
    "view",
    [
        lambda y: y.view(2, 1, 4),
        lambda y: y.reshape(2, 2, 2),
        lambda y: y.unsqueeze(1).squeeze(1),
        lambda y: nn.functional.dropout(y, 0.5, training=False),
        lambda y: y.detach(),
    ],
)
@pytest.mark.parametrize(
    ("read", "reader"),
    [
        (lambda y, _: torch.nn.functional.leaky_relu(y), "function leaky_relu"),
        (lambda y, z: z.reshape(2, 4) + y, "function add"),
        (lambda y, _: y, "the model's output"),
    ],
)
def test_in_place_on_a_view(view: Callable, read: Callable, reader: str) -> None:
    """Who reads the tensor itself afterwards would get the values of before."""
    parts = "Function relu_ ", "in place", reader, "torch.relu_(view)"
    check_message(InPlace(view, read), (4,), *parts, batch=2)


@pytest.mark.parametrize(
    ("view", "read"),
    [
        (lambda y: y, lambda y, z: y + z),
        (lambda y: y.clone(), lambda y, z: y + z),
        (lambda y: y.view(2, 2, 2), lambda _, z: z.view(2, 4)),
        (lambda y: y.flatten(1), lambda _, z: z + z),
    ],
)
def test_in_place_that_nobody_else_sees(view: Callable, read: Callable) -> None:
    torch.manual_seed(0)
    model = InPlace(view, read).eval()
    values = torch.randn(2, 4)
    graph = import_model(model, (4,), batch=2)
    with torch.no_grad():
        wanted = model(values).numpy()
    np.testing.assert_allclose(run_graph(graph, values.numpy()), wanted, rtol=1e-5, atol=1e-6)


class Changed(nn.Module):
    """Adds a constant that it changes in place, and has a buffer."""

    def __init__(self, function: Callable) -> None:
        super().__init__()
        self.register_buffer("count", torch.ones(4))
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x, self.count)


def _mask(x: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    mask = x.new_zeros(4)
    for index in range(3):
        mask[index : index + 2] = index
    return x + mask


def _copy(x: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    count = count.clone()
    count[1:3].zero_()
    return x + count


@pytest.mark.parametrize("function", [_mask, _copy])
def test_constants_that_are_made_in_place(function: Callable) -> None:
    check_same(Changed(function), shape=(4,))


def test_constants_that_are_read_before_and_after_a_change() -> None:
    def function(x: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
        count = count.clone()
        y = x + count
        count[1:].zero_()
        return y + count

    check_message(Changed(function), (4,), "Function zero_ modifies a tensor in place")


def test_changes_that_would_last() -> None:
    def function(x: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
        count[1:].mul_(2)
        return x + count

    parts = "Function mul_ modifies 'count'", "later outputs", "training mode"
    check_message(Changed(function), (4,), *parts)
