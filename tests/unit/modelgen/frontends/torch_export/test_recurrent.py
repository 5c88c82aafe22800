"""Recurrent layers, unrolled: what PyTorch computes, on the device too."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from modelgen.hardware import Hardware
from tests.support.refused import check_message
from tests.support.same import check_same
from tests.unit.modelgen.plan.test_cpu_layers import check_device

KINDS = {"lstm": nn.LSTM, "gru": nn.GRU, "tanh": nn.RNN, "relu": nn.RNN}


class Recurrent(nn.Module):
    """A layer of which all results are used."""

    def __init__(self, kind: str, **settings: Any) -> None:
        super().__init__()
        more = {"nonlinearity": kind} if kind in ("tanh", "relu") else {}
        self.layer = KINDS[kind](5, 6, **more, **settings)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs, state = self.layer(x)
        states = state if isinstance(state, tuple) else (state,)
        if x.dim() == 2 or not self.layer.batch_first:
            return torch.cat([outputs.flatten(), *(part.flatten() for part in states)])
        parts = [part.transpose(0, 1).flatten(1) for part in states]
        return torch.cat([outputs.flatten(1), *parts], 1)


SETTINGS = [
    {},
    {"num_layers": 2},
    {"bidirectional": True},
    {"num_layers": 2, "bidirectional": True, "bias": False},
    {"num_layers": 2, "dropout": 0.5},
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_each_kind(kind: str, settings: dict[str, Any]) -> None:
    check_same(Recurrent(kind, batch_first=True, **settings), batch=2, shape=(4, 5))


@pytest.mark.parametrize("kind", KINDS)
def test_on_the_device(kind: str) -> None:
    check_device(Recurrent(kind, batch_first=True), (3, 5), 2, Hardware())


@pytest.mark.parametrize("kind", KINDS)
def test_time_first(kind: str) -> None:
    check_same(Recurrent(kind), batch=1, shape=(4, 5))


def test_a_projection() -> None:
    check_same(Recurrent("lstm", batch_first=True, proj_size=3, num_layers=2), shape=(4, 5))


@pytest.mark.parametrize("kind", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
def test_single_steps(kind: type) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = kind(5, 5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            state = self.cell(self.cell(x)[0] if kind is nn.LSTMCell else self.cell(x))
            return torch.cat(state, 1) if kind is nn.LSTMCell else state

    check_same(Twice(), batch=2, shape=(5,))


def test_an_initial_state_of_the_model() -> None:
    class Given(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.GRU(5, 6, batch_first=True)
            self.start = nn.Parameter(torch.randn(1, 1, 6))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x, self.start)[0]

    check_same(Given(), shape=(4, 5))


def test_dropout_that_is_always_on_is_refused() -> None:
    class Noisy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.GRU(5, 6, num_layers=2, dropout=0.5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            weights = self.layer._flat_weights
            start = torch.zeros(2, x.shape[1], 6)
            return torch.gru(x, start, weights, True, 2, 0.5, True, False, False)[0]

    check_message(Noisy(), (4, 5), "drops values even in evaluation mode")
