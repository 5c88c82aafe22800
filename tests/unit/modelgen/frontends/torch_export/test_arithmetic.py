"""Batch-norms, activations of the store path, concatenations."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.support.refused import check_message
from tests.support.same import SHAPE, Function, check_same


@pytest.mark.parametrize(
    "layer",
    [
        nn.BatchNorm2d(4),
        nn.BatchNorm2d(4, affine=False),
        nn.ReLU(),
        nn.ReLU6(inplace=True),
        nn.LeakyReLU(0.2),
        Function(torch.abs),
        Function(lambda x: x.clone().abs_()),
        nn.Hardtanh(-0.5, 2.0),
        Function(lambda x: functional.hardtanh(x.argmax(1), 0.75, 2.75)),
        Function(lambda x: x.clamp(-0.5, 1)),
        Function(lambda x: x.clamp(max=0.5)),
        Function(lambda x: torch.clamp_min(x, -1)),
        Function(lambda x: torch.clip(x, min=0.25)),
        Function(lambda x: (x * 2).clamp_(0, 1)),
        nn.Sigmoid(),
        Function(lambda x: torch.cat([x, x], 1)),
        Function(lambda x: torch.concat([x, x, x], -3)),
        Function(lambda x: torch.concatenate((x, x), axis=1)),
        Function(lambda x: torch.cat([x, x + 1], 3)),
        Function(lambda x: torch.cat([x, x + 1], 2)),
    ],
    ids=str,
)
def test_each_layer(layer: nn.Module) -> None:
    check_same(nn.Sequential(layer), batch=2)


@pytest.mark.parametrize("shape", [(4,), (4, 7)])
def test_batch_norms_of_vectors_and_sequences(shape: tuple[int, ...]) -> None:
    check_same(nn.Sequential(nn.BatchNorm1d(4)), batch=2, shape=shape)


def test_branches_functions_and_means() -> None:
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 1)
            self.norm, self.last = nn.BatchNorm2d(4), nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = functional.relu(self.norm(self.one(x)))
            y = functional.max_pool2d(y + self.two(x), 2)
            y += functional.leaky_relu(y, 0.1)
            return torch.softmax(self.last(y.mean((2, 3))), 1)

    graph = check_same(Branches(), batch=2)
    assert [node.operator.name for node in graph.nodes][-4:] == [
        "avg_pool2d",
        "linear",
        "reshape",
        "softmax",
    ]


def test_batch_norm_with_the_statistics_of_its_input() -> None:
    class Norm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            mean, variance = self.norm.running_mean, self.norm.running_var
            return nn.functional.batch_norm(x, mean, variance, training=True, momentum=0.0)

    parts = "Function batch_norm", "the mean and variance of its input even in evaluation mode"
    check_message(Norm(), (4,), *parts, batch=2)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.BatchNorm2d(4, track_running_stats=False), "running statistics"),
    ],
)
def test_what_is_refused(model: nn.Module, message: str) -> None:
    check_message(model, SHAPE, message)
