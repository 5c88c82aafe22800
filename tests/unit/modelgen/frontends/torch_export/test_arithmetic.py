"""Batch-norms, arithmetic with numbers, additions, activations, concatenations."""

from __future__ import annotations

import math

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
        nn.Hardtanh(-0.5, 2.0),
        nn.Sigmoid(),
        Function(lambda x: x * 2),
        Function(lambda x: x / 255),
        Function(lambda x: 0.5 + x),
        Function(lambda x: x - 3),
        Function(lambda x: 1 - x),
        Function(lambda x: -x),
        Function(lambda x: x.clone().neg_()),
        Function(lambda x: torch.sub(x, 2, alpha=3)),
        Function(lambda x: torch.rsub(x, 2, alpha=3)),
        Function(lambda x: torch.add(x, 2, alpha=3)),
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


def test_a_number_times_a_tensor_without_batch() -> None:
    check_same(Function(lambda x: x.flatten() * 2), shape=(5,))


def test_a_constant_that_the_model_computes_is_added() -> None:
    class Computed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.ones(1, 5))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + (self.bias + 1)

    graph = check_same(Computed(), shape=(5,))
    assert graph.constant_tensors == ["add"] and graph.nodes[0].inputs[1] == "add"


def test_batch_norm_with_the_statistics_of_its_input() -> None:
    class Norm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            mean, variance = self.norm.running_mean, self.norm.running_var
            return nn.functional.batch_norm(x, mean, variance, training=True, momentum=0.0)

    parts = "Layer 'batch_norm'", "the mean and variance of its input even in evaluation mode"
    check_message(Norm(), (4,), *parts, batch=2)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.BatchNorm2d(4, track_running_stats=False), "running statistics"),
        (Function(lambda x: x + x.mean((2, 3), keepdim=True)), "two tensors of the same shape"),
        (Function(lambda x: x * x), "must have a number as its second operand"),
        (Function(lambda x: x / 0), "divides by zero"),
        (Function(lambda x: x * 1e39), r"computes with 1e+39, which is not a finite FP32 number"),
        (Function(lambda x: x / 1e-40), r"computes with 1e+40, which is not a finite FP32 number"),
        (Function(lambda x: x - math.nan), "computes with nan, which is not a finite FP32 number"),
        (Function(lambda x: torch.add(x, x, alpha=2)), "adds a multiple"),
    ],
)
def test_what_is_refused(model: nn.Module, message: str) -> None:
    check_message(model, SHAPE, message)
