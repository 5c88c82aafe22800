"""Reductions over any dimensions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.reductions import layout_for, sizes_for
from modelgen.ir.graph import Graph
from tests.support.refused import check_message
from tests.support.same import SHAPE, Function, check_same


def kinds(graph: Graph) -> list[str]:
    return [node.operator.name for node in graph.nodes if node.operator.takes_time]


FUNCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "sum": lambda x: x.sum(1),
    "sum-of-two": lambda x: x.sum((1, 3)),
    "sum-kept": lambda x: x.sum((1, 3), keepdim=True),
    "sum-of-maps": lambda x: x.sum((2, 3)),
    "mean": lambda x: x.mean(3),
    "mean-of-maps": lambda x: x.mean((2, 3)),
    "mean-of-maps-kept": lambda x: x.mean((-1, -2), keepdim=True),
    "mean-of-each": lambda x: x.mean((1, 2, 3)),
    "product": lambda x: x.prod(1),
    "maximum": lambda x: x.amax((1, 2)),
    "minimum": lambda x: x.amin(-1, keepdim=True),
    "largest": lambda x: x.max(2)[0],
    "smallest": lambda x: x.min(2, keepdim=True).values,
    "place-of-the-largest": lambda x: x.max(1).indices,
    "place-of-the-smallest": lambda x: x.min(2)[1],
    "both": lambda x: x.max(1)[0] + x.max(1)[1],
    "argmin": lambda x: x.argmin(1),
    "argmin-kept": lambda x: x.argmin(2, keepdim=True),
    "any": lambda x: (x > 1.5).any(1).float(),
    "any-of-all": lambda x: x * (x > 9).any(),
    "all": lambda x: (x > -1).all(2).float(),
    "variance": lambda x: x.var(1),
    "variance-of-maps": lambda x: x.var((2, 3), unbiased=False, keepdim=True),
    "deviation": lambda x: x.std(1),
    "deviation-of-two": lambda x: x.std((1, 3), unbiased=False),
    "norm": lambda x: x.norm(dim=1),
    "norm-of-two": lambda x: torch.linalg.vector_norm(x, dim=(1, 3), keepdim=True),
    "variance-with-a-correction": lambda x: x.var((1, 2), correction=2),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_each_function(function: Callable[[torch.Tensor], torch.Tensor]) -> None:
    check_same(Function(function), batch=2)
    check_same(nn.Sequential(nn.Conv2d(4, 4, 1), Function(function)), batch=2)


@pytest.mark.parametrize(
    "name", ["sum", "mean", "prod", "amax", "amin", "max", "min", "var", "std", "norm"]
)
def test_over_everything(name: str) -> None:
    check_same(Function(lambda x: getattr(x, name)()))


def test_means_of_whole_maps_run_on_the_engine() -> None:
    graph = check_same(nn.Sequential(nn.Conv2d(4, 4, 1), Function(FUNCTIONS["mean-of-maps"])))
    assert kinds(graph) == ["conv2d", "avg_pool2d"]


def test_dimensions_that_are_side_by_side_need_not_move() -> None:
    shape = (2, 4, 5, 6)
    assert layout_for((0, 2, 3, 1), [2, 3], shape) == (0, 2, 3, 1)
    assert layout_for((0, 2, 3, 1), [1, 3], shape) == (0, 2, 3, 1)
    assert layout_for((0, 1, 2, 3), [1, 3], shape) == (0, 2, 1, 3)
    assert layout_for((0, 1, 2, 3), [1, 3], (2, 4, 1, 6)) == (0, 1, 2, 3)
    assert sizes_for((0, 2, 3, 1), [2, 3], shape) == (2, 30, 4)
    assert sizes_for((0, 2, 1, 3), [1, 3], shape) == (10, 24, 1)
    assert sizes_for((0, 1, 2, 3), [1], (2, 1, 5, 6)) == (60, 1, 1)


@pytest.mark.filterwarnings("ignore:var")
@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x.norm(1, dim=1), "norm of order 1; only 2 is supported"),
        (lambda x: x.argmin(), "must name a dimension"),
        (lambda x: x.var(1, correction=4), "no more values than its correction, 4"),
    ],
)
def test_what_is_refused(function: object, message: str) -> None:
    check_message(Function(function), SHAPE, message)
