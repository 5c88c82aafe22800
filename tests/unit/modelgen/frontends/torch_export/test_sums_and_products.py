"""Sums, differences, products and quotients: where they are computed, and what they give."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

from modelgen.ir.graph import Graph
from tests.support.refused import check_message
from tests.support.same import SHAPE, Function, check_same

ROW = torch.linspace(0.5, 2.0, 9)
CHANNELS = torch.linspace(0.5, 2.0, 4).reshape(4, 1, 1)


def squeezed(x: torch.Tensor) -> torch.Tensor:
    return functional.max_pool2d(x, (12, 9))


def kinds(graph: Graph) -> list[str]:
    return [node.operator.name for node in graph.nodes if node.operator.takes_time]


ON_THE_ENGINE: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "product": lambda x: x * 2,
    "quotient": lambda x: x / 255,
    "sum": lambda x: 0.5 + x,
    "difference": lambda x: x - 3,
    "difference-from": lambda x: 1 - x,
    "negation": lambda x: -x,
    "negation-in-place": lambda x: x.clone().neg_(),
    "multiple-of-a-number": lambda x: torch.sub(x, 2, alpha=3),
    "multiple-from-a-number": lambda x: torch.rsub(x, 2, alpha=3),
    "sum-with-a-multiple-of-a-number": lambda x: torch.add(x, 2, alpha=3),
    "constant-tensor": lambda x: x * torch.tensor(2.0),
    "channels": lambda x: (x - CHANNELS) / CHANNELS,
    "channels-first": lambda x: CHANNELS - x,
    "doubled": lambda x: x + x,
    "difference-of-two": lambda x: x - torch.relu(x),
    "addcmul-of-constants": lambda x: torch.addcmul(CHANNELS, CHANNELS + 1, x, value=0.5),
    "addcmul-with-a-constant": lambda x: torch.addcmul(ROW.sum(), x, torch.tensor(2.0)),
    "multiple-of-a-tensor": lambda x: torch.add(x, torch.relu(x), alpha=-2),
}


@pytest.mark.parametrize("function", ON_THE_ENGINE.values(), ids=ON_THE_ENGINE)
def test_scales_biases_and_sums_of_equal_shapes_run_on_the_engine(
    function: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    graph = check_same(Function(function), batch=2)
    assert set(kinds(graph)) <= {"pointwise", "permute"}


ON_THE_CPU: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "square": lambda x: x * x,
    "scaled-channels": lambda x: x * squeezed(x),
    "sum-with-channels": lambda x: squeezed(x) + x,
    "difference-with-channels": lambda x: squeezed(x) - x,
    "quotient-of-two": lambda x: x / (2 + torch.relu(x)),
    "quotient-of-a-constant": lambda x: CHANNELS / (2 + torch.relu(x)),
    "rows": lambda x: functional.max_pool2d(x, 1) * ROW,
    "lower-rank": lambda x: x * squeezed(x).amax(0),
    "either-of-two-masks": lambda x: ((x > 0.5) + (x < -0.5)) * squeezed(x),
    "addcmul": lambda x: torch.addcmul(x, squeezed(x), x, value=-2),
    "addcmul-of-rows": lambda x: torch.addcmul(x, ROW, CHANNELS),
    "glu": lambda x: functional.glu(x, 1),
    "glu-of-rows": lambda x: nn.GLU(2)(x),
    "maps-of-constants": lambda x: x * torch.ones(12, 9).cumsum(0),
    "larger-constant": lambda x: squeezed(x) * torch.ones(3, 4, 2, 2).cumsum(0)[:2],
}


@pytest.mark.parametrize("function", ON_THE_CPU.values(), ids=ON_THE_CPU)
def test_everything_else_runs_on_the_cpu(function: Callable[[torch.Tensor], torch.Tensor]) -> None:
    graph = check_same(Function(function), batch=2)
    assert "binary" in kinds(graph)
    check_same(nn.Sequential(nn.Conv2d(4, 4, 1), Function(function)), batch=2)


def test_a_constant_that_the_model_computes_is_added() -> None:
    class Computed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.ones(1, 5))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + (self.bias + 1)

    graph = check_same(Computed(), shape=(5,))
    assert kinds(graph) == ["pointwise"]
    assert graph.arrays(graph.nodes[0])["bias"].tolist() == [2.0] * 5


def test_position_embeddings_are_constant_tensors() -> None:
    class Positions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.positions = nn.Parameter(torch.randn(6, 5))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.positions

    graph = check_same(Positions(), batch=2, shape=(6, 5))
    assert kinds(graph) == ["binary"] and graph.constant_tensors == ["positions"]


def test_a_number_times_a_tensor_without_batch() -> None:
    check_same(Function(lambda x: x.flatten() * 2), shape=(5,))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Function(lambda x: x / 0), "divides by zero"),
        (Function(lambda x: x * 1e39), r"computes with 1e+39, which is not a finite FP32 number"),
        (Function(lambda x: x / 1e-40), r"computes with 1e+40, which is not a finite FP32 number"),
        (Function(lambda x: x - math.nan), "computes with nan, which is not a finite FP32 number"),
        (Function(lambda x: torch.add(x, squeezed(x), alpha=2)), "adds a multiple"),
    ],
)
def test_what_is_refused(model: nn.Module, message: str) -> None:
    check_message(model, SHAPE, message)
